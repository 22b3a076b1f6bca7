import React from 'react';

import { type NamedSpend } from '../../api/types';
import { shareOf } from '../../money';
import { Amount } from '../../ui/amount';
import { useSurroundings } from '../../ui/surroundings';

/** Spend by name as bars against the largest, folded away until asked for. */
export function Breakdown(props: {
  title: string;
  rows: readonly NamedSpend[];
}): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const { title, rows } = props;
  if (rows.length === 0) {
    return null;
  }
  const largest = rows
    .map(row => row.spend.cost_usd)
    .reduce((a, b) => (Number(b) > Number(a) ? b : a));
  return (
    <details className="jp-mesh-Breakdown">
      <summary>{title}</summary>
      <ul>
        {rows.map(({ name, spend }) => (
          <li key={name}>
            <span className="jp-mesh-Breakdown-name" title={name}>
              <bdi>{name || trans.__('no model (refused)')}</bdi>
            </span>
            <span className="jp-mesh-dim">{trans._n('%1 call', '%1 calls', spend.calls)}</span>
            <Amount usd={spend.cost_usd} />
            <span className="jp-mesh-Breakdown-bar" aria-hidden="true">
              <span style={{ width: `${shareOf(spend.cost_usd, largest) * 100}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
