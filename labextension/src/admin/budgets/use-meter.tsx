import React from 'react';

import { type BudgetUse } from '../../api/admin-types';
import { exactUsd, shareOf } from '../../money';
import { BudgetBar } from '../../ui/budget-bar';
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
      <BudgetBar
        name={use.name}
        spent={share}
        held={held}
        words={trans.__('%1 of %2', exactUsd(counted), exactUsd(use.limit_usd))}
      />
      {[...restWords(use, trans), endWords(use, window, trans)].map(line => (
        <div key={line} className="jp-mesh-Budget-words">
          {line}
        </div>
      ))}
    </div>
  );
}
