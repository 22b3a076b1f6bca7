import React from 'react';

import { runsOf } from '../../charts/runs';
import { formatDuration } from '../../figures';
import { useSurroundings } from '../../ui/surroundings';

const WIDTH = 240;
const HEIGHT = 36;

/** Median latency of each of the last 24 hours. */
export function Sparkline({
  values
}: {
  values: readonly (number | null)[];
}): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const measured = values.filter(value => value !== null);
  if (measured.length === 0) {
    return null;
  }
  const top = Math.max(...measured);
  const x = (hour: number): number => 3 + (hour / Math.max(1, values.length - 1)) * (WIDTH - 6);
  const y = (value: number): number => HEIGHT - 3 - (value / (top || 1)) * (HEIGHT - 6);
  return (
    <figure className="jp-mesh-Sparkline">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={trans.__(
          'Median latency over 24 hours: between %1 and %2',
          formatDuration(Math.min(...measured)),
          formatDuration(top)
        )}
      >
        {runsOf(values).map(run => {
          const points = run.map(([hour, value]) => `${x(hour)},${y(value)}`);
          const [hour, value] = run.at(-1) ?? [0, 0];
          return (
            <g key={hour}>
              <polyline points={points.join(' ')} />
              <circle cx={x(hour)} cy={y(value)} r={1.8} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span>{trans.__('24 h ago')}</span>
        <span>{trans.__('slowest hour %1', formatDuration(top))}</span>
        <span>{trans.__('now')}</span>
      </figcaption>
    </figure>
  );
}
