import React from 'react';

import { useWords } from './words';

/** How full a budget is: what is spent, what is reserved beside it, and whatever else is marked there. */
export function BudgetBar(props: {
  name: string;
  /** Shares of the limit, 0 to 1. */
  spent: number;
  held: number;
  words: string;
  heldWords?: string;
  children?: React.ReactNode;
}): React.JSX.Element {
  const trans = useWords();
  const { name, spent, held, words, heldWords, children } = props;
  return (
    <div
      className="jp-mesh-Budget-bar"
      role="meter"
      aria-label={trans.__('Budget %1', name)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(spent * 100)}
      aria-valuetext={words}
    >
      <span className="jp-mesh-Budget-spent" style={{ width: `${spent * 100}%` }} />
      <span className="jp-mesh-Budget-held" style={{ width: `${held * 100}%` }} title={heldWords} />
      {children}
    </div>
  );
}
