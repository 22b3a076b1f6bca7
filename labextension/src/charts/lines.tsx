import React from 'react';

import { type IReadout } from './readout';
import { runsOf } from './runs';
import { type IStep, type StepName } from './steps';
import { type ITick, topOf } from './ticks';
import { type IPlot, TimePlot } from './time-plot';
import { type Tone, toneClass } from './tones';

/** One line; a step without a value leaves a gap. */
export interface ILineSeries {
  name: string;
  tone: Tone;
  /** Told apart without colour, too. */
  isDashed?: boolean;
  values: readonly (number | null)[];
}

/** Where every value should stay below. */
export interface ILimit {
  value: number;
  label: string;
}

/** More points than this are a line without dots. */
const MOST_DOTS = 80;

/** Values over time, and the limits they were promised to keep. */
export function Lines(props: {
  label: string;
  steps: readonly IStep[];
  stepName: StepName;
  ticks: readonly ITick[];
  series: readonly ILineSeries[];
  limits?: readonly ILimit[];
  height?: number;
  readout: (index: number) => IReadout;
  onPick?: (index: number) => void;
}): React.JSX.Element {
  const { series, limits = [], steps, ticks, height = 240 } = props;
  const inSight = limits.filter(({ value }) => value <= topOf(ticks));
  const draw = (plot: IPlot): React.ReactNode => (
    <>
      {inSight.map(limit => (
        <Limit key={limit.label} plot={plot} limit={limit} />
      ))}
      {series.map(one => (
        <Line key={one.name} plot={plot} series={one} hasDots={steps.length <= MOST_DOTS} />
      ))}
    </>
  );
  return <TimePlot {...props} height={height} draw={draw} />;
}

function Line(props: { plot: IPlot; series: ILineSeries; hasDots: boolean }): React.JSX.Element {
  const { plot, series, hasDots } = props;
  return (
    <g
      className={`jp-mesh-Line ${toneClass(series.tone)} ${series.isDashed ? 'jp-mod-dashed' : ''}`}
    >
      {runsOf(series.values).map(run => {
        const points = run.map(([step, value]) => [plot.x(step), plot.y(value)] as const);
        return (
          <g key={run[0]?.[0]}>
            <polyline points={points.map(point => point.join(',')).join(' ')} />
            {(hasDots || run.length === 1) &&
              points.map(([x, y]) => <circle key={x} cx={x} cy={y} r={2.5} />)}
          </g>
        );
      })}
    </g>
  );
}

function Limit({ plot, limit }: { plot: IPlot; limit: ILimit }): React.JSX.Element {
  const y = Math.round(plot.y(limit.value)) + 0.5;
  return (
    <g className="jp-mesh-Limit">
      <line x1={plot.left} x2={plot.right} y1={y} y2={y} />
      <text x={plot.right} y={y - 5} textAnchor="end">
        {limit.label}
      </text>
    </g>
  );
}

/** The largest value to draw: with a limit, unless it is so far above that nothing else could be read. */
export function mostOf(series: readonly ILineSeries[], limits: readonly ILimit[]): number {
  const values = series.flatMap(({ values }) => values.filter(value => value !== null));
  const most = Math.max(0, ...values);
  const near = limits.map(({ value }) => value).filter(value => value <= most * 2.5);
  return Math.max(most, ...near);
}
