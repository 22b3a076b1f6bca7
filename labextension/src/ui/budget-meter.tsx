import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type BudgetStatus } from '../api/types';
import { exactUsd, formatUsd, isZeroUsd, shareOf } from '../money';
import { Amount } from './amount';
import { budgetLevel } from './budget';
import { BudgetBar } from './budget-bar';
import { useWords } from './words';

/** One budget: spent of limit, what is reserved at this moment, and where the present rate leads. */
export function BudgetMeter({ budget }: { budget: BudgetStatus }): React.JSX.Element {
  const trans = useWords();
  const { limit_usd: limit, spent_usd: spent, held_usd: held, forecast_usd: forecast } = budget;
  const level = budgetLevel(budget);
  const spentShare = shareOf(spent, limit);
  const heldShare = Math.min(shareOf(held, limit), 1 - spentShare);
  return (
    <div className={`jp-mesh-Budget jp-mod-${level}`}>
      <div className="jp-mesh-Budget-line">
        <span className="jp-mesh-Budget-name" title={windowText(budget, trans)}>
          {budget.name}, {windowName(budget.window, trans)}
        </span>
        <span>
          <Amount usd={spent} /> {trans.__('of %1', formatUsd(limit))}
        </span>
      </div>
      <BudgetBar
        name={budget.name}
        spent={spentShare}
        held={heldShare}
        words={trans.__('%1 of %2 spent', exactUsd(spent), exactUsd(limit))}
        heldWords={trans.__('%1 reserved by calls under way', exactUsd(held))}
      >
        {forecast !== null && (
          <span
            className="jp-mesh-Budget-forecast"
            style={{ insetInlineStart: `${shareOf(forecast, limit) * 100}%` }}
          />
        )}
      </BudgetBar>
      <div className="jp-mesh-Budget-words">
        {forecast !== null && <span title={exactUsd(forecast)}>{forecastText(budget, trans)}</span>}
        {!isZeroUsd(held) && <span>{trans.__('%1 reserved', formatUsd(held))}</span>}
        {level === 'over' && (
          <strong>
            {budget.hard ? trans.__('Used up: calls are refused.') : trans.__('Over the limit.')}
          </strong>
        )}
      </div>
    </div>
  );
}

function forecastText(
  { forecast_usd: forecast, window_end: end }: BudgetStatus,
  trans: TranslationBundle
): string {
  const amount = formatUsd(forecast ?? '0');
  return end === null
    ? trans.__('at this rate: %1', amount)
    : trans.__('at this rate: %1 by %2', amount, day(lastMoment(end)));
}

function windowText(
  { window_start: start, window_end: end }: BudgetStatus,
  trans: TranslationBundle
): string {
  const from = day(new Date(start));
  return end === null
    ? trans.__('since %1', from)
    : trans.__('%1 to %2', from, day(lastMoment(end)));
}

/** A kind of window this version does not know is shown as it came. */
function windowName(window: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    hour: trans.__('hour'),
    day: trans.__('day'),
    week: trans.__('week'),
    month: trans.__('month'),
    quarter: trans.__('quarter'),
    total: trans.__('in all')
  };
  return names[window] ?? window;
}

/** A window that ends at midnight of 1 December ends on 30 November for people. */
function lastMoment(end: string): Date {
  return new Date(new Date(end).getTime() - 1);
}

/** Windows are days of UTC; in local time the first of a month may still be the last of the other. */
function day(date: Date): string {
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
