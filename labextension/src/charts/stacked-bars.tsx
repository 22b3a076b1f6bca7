import React from 'react';

import { type IReadout } from './readout';
import { type IStep, type StepName } from './steps';
import { type IPlot, TimePlot } from './time-plot';
import { type ITick } from './ticks';
import { type Tone, toneClass } from './tones';

/** One colour of the bars: a length for each step. */
export interface IBarSeries {
  name: string;
  tone: Tone;
  values: readonly number[];
}

/** Amounts over time, as bars of several colours on top of each other; the first is at the bottom. */
export function StackedBars(props: {
  label: string;
  steps: readonly IStep[];
  stepName: StepName;
  ticks: readonly ITick[];
  series: readonly IBarSeries[];
  height?: number;
  /** The name of a series that stands out for the moment. */
  lit?: string | null;
  readout: (index: number) => IReadout;
  onPick?: (index: number) => void;
}): React.JSX.Element {
  const { series, steps, lit = null, height = 240 } = props;
  const draw = (plot: IPlot): React.ReactNode =>
    steps.map((step, index) => (
      <g key={step.start.getTime()}>
        {stack(plot, series, index).map(({ name, tone, ...box }) => (
          <rect
            key={name}
            className={`jp-mesh-Bar ${toneClass(tone)} ${
              lit !== null && lit !== name ? 'jp-mod-unlit' : ''
            }`}
            {...box}
          />
        ))}
      </g>
    ));
  return <TimePlot {...props} height={height} draw={draw} />;
}

interface IBox {
  name: string;
  tone: Tone;
  x: number;
  y: number;
  width: number;
  height: number;
}

function stack(plot: IPlot, series: readonly IBarSeries[], index: number): IBox[] {
  const width = Math.max(1, Math.min(48, plot.band > 4 ? plot.band * 0.76 : plot.band));
  const boxes: IBox[] = [];
  let sofar = 0;
  for (const { name, tone, values } of series) {
    const value = values[index] ?? 0;
    if (value > 0) {
      const [bottom, top] = [plot.y(sofar), plot.y(sofar + value)];
      const full = bottom - top;
      // A line between two colours, where there is room for one; and nothing is too small to be seen.
      const height = sofar > 0 && full > 3 ? full - 1 : Math.max(full, sofar > 0 ? 0.5 : 1);
      boxes.push({ name, tone, x: plot.x(index) - width / 2, y: bottom - full, width, height });
      sofar += value;
    }
  }
  return boxes;
}
