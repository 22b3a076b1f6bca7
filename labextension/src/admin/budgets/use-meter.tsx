import React from 'react';

import { type BudgetUse } from '../../api/admin-types';
import { exactUsd, shareOf } from '../../money';
import { useAdmin } from '../context';
import { amountWords, countedUsd, endWords, restWords, useLevel } from './use-words';

/** What is spent of a budget, as a figure and as a bar, and until when. */
export function UseMeter(props: { use: BudgetUse; window: string }): React.JSX.Element {
  const { trans } = useAdmin();
  const { use, window } = props;
  const counted = countedUsd(use);
  const share = shareOf(counted, use.limit_usd);
  // What is reserved is in the figure of who used most already.
  const held = use.each ? 0 : Math.min(shareOf(use.held_usd, use.limit_usd), 1 - share);
  return (
    <div className={`jp-mesh-Budget jp-mod-${useLevel(use)}`}>
      <div className="jp-mesh-Budget-line jp-mesh-Amount" title={exactUsd(counted)}>
        {amountWords(use, trans)}
      </div>
      <div
        className="jp-mesh-Budget-bar"
        role="meter"
        aria-label={trans.__('Budget %1', use.name)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={trans.__('%1 of %2', exactUsd(counted), exactUsd(use.limit_usd))}
      >
        <span className="jp-mesh-Budget-spent" style={{ width: `${share * 100}%` }} />
        <span className="jp-mesh-Budget-held" style={{ width: `${held * 100}%` }} />
      </div>
      {[...restWords(use, trans), endWords(use, window, trans)].map(line => (
        <div key={line} className="jp-mesh-Budget-words">
          {line}
        </div>
      ))}
    </div>
  );
}
