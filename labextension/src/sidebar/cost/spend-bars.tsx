import React from 'react';

import { type Usd } from '../../api/types';
import { exactUsd, isZeroUsd, shareOf } from '../../money';
import { useSurroundings } from '../../ui/surroundings';

const WIDTH = 3;
const HEIGHT = 16;

/** False where bars would say nothing: a single call, or none that cost anything. */
export function hasBars(amounts: readonly Usd[]): boolean {
  return amounts.length > 1 && !amounts.every(isZeroUsd);
}

/** What each of the latest calls has cost, oldest first. */
export function SpendBars({ amounts }: { amounts: readonly Usd[] }): React.JSX.Element {
  const { trans } = useSurroundings();
  const largest = amounts.reduce((a, b) => (Number(b) > Number(a) ? b : a));
  return (
    <svg
      className="jp-mesh-SpendBars"
      width={amounts.length * WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={trans.__(
        'Cost of the last %1 calls, the dearest %2',
        amounts.length,
        exactUsd(largest)
      )}
    >
      {amounts.map((amount, index) => {
        const height = Math.max(1, shareOf(amount, largest) * HEIGHT);
        return (
          <rect
            // The series has no other identity than its order.
            key={index}
            x={index * WIDTH}
            y={HEIGHT - height}
            width={WIDTH - 1}
            height={height}
          >
            <title>{exactUsd(amount)}</title>
          </rect>
        );
      })}
    </svg>
  );
}
