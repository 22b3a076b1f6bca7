import React from 'react';

import { type IReadout } from './readout';
import { type IStep, type StepName } from './steps';
import { type ITick } from './ticks';
import { type IPlot, TimePlot } from './time-plot';

/** What has come together up to each step, and what is expected at the end of the last one. */
export interface IOutlook {
  /** Up to the end of each step that has begun. */
  sofar: readonly number[];
  expected: number | null;
  /** Where it comes out four times of five. */
  low: number | null;
  high: number | null;
}

/** A growing amount, and where it leads: a dotted line to what is expected, within its interval. */
export function Outlook(props: {
  label: string;
  steps: readonly IStep[];
  stepName: StepName;
  ticks: readonly ITick[];
  outlook: IOutlook;
  height?: number;
  readout: (index: number) => IReadout;
}): React.JSX.Element {
  const { outlook, steps, height = 200 } = props;
  return (
    <TimePlot
      {...props}
      height={height}
      draw={plot => <Drawn plot={plot} outlook={outlook} count={steps.length} />}
    />
  );
}

function Drawn(props: { plot: IPlot; outlook: IOutlook; count: number }): React.JSX.Element {
  const { plot, outlook, count } = props;
  const { sofar, expected, low, high } = outlook;
  // An amount is reached at the end of its step.
  const x = (index: number): number => plot.x(index) + plot.band / 2;
  const grown = sofar.map((value, index) => `${x(index)},${plot.y(value)}`);
  const start = `${plot.left},${plot.y(0)}`;
  const now = [x(sofar.length - 1), plot.y(sofar.at(-1) ?? 0)] as const;
  const end = x(count - 1);
  const isAhead = sofar.length < count;
  return (
    <g className="jp-mesh-Outlook">
      {isAhead && low !== null && high !== null && (
        <>
          <polygon points={`${now.join(',')} ${end},${plot.y(high)} ${end},${plot.y(low)}`} />
          <line className="jp-mod-interval" x1={end} x2={end} y1={plot.y(high)} y2={plot.y(low)} />
        </>
      )}
      <polyline
        className="jp-mod-area"
        points={[start, ...grown, `${now[0]},${plot.y(0)}`].join(' ')}
      />
      <polyline points={[start, ...grown].join(' ')} />
      {isAhead && expected !== null && (
        <>
          <line
            className="jp-mod-expected"
            x1={now[0]}
            y1={now[1]}
            x2={end}
            y2={plot.y(expected)}
          />
          <circle cx={end} cy={plot.y(expected)} r={3.5} />
        </>
      )}
    </g>
  );
}
