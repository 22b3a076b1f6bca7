/** How full a budget is, in words. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type BudgetUse } from '../../api/admin-types';
import { formatUsd, isZeroUsd, picoOf, shareOf } from '../../money';
import { momentWords } from '../ui/moments';

/** What counts against the limit: of a budget that each one has apart, that of whoever used most. */
export function countedUsd(use: BudgetUse): string {
  return use.each ? use.fullest_usd : use.spent_usd;
}

export type UseLevel = 'fine' | 'near' | 'over';

export function useLevel(use: BudgetUse): UseLevel {
  const isOver = picoOf(countedUsd(use)) >= picoOf(use.limit_usd);
  return isOver ? 'over' : shareOf(countedUsd(use), use.limit_usd) >= 0.8 ? 'near' : 'fine';
}

/** `$12.30 of $50.00`; of a budget of each: `at most $3.20 of $8.00`. */
export function amountWords(use: BudgetUse, trans: TranslationBundle): string {
  const [used, limit] = [formatUsd(countedUsd(use)), formatUsd(use.limit_usd)];
  return use.each
    ? trans.__('at most %1 of %2', used, limit)
    : trans.__('%1 of %2 spent', used, limit);
}

/** Whom the amount is of, and what runs: one line each. */
export function restWords(use: BudgetUse, trans: TranslationBundle): string[] {
  const { each, shares, spent_usd: spent, held_usd: held, raised_until: raised } = use;
  return [
    each && shares === 0 ? trans.__('nobody has used it in this time') : '',
    each && shares > 0
      ? trans._n(
          '%2 by the one who has used it',
          '%2 by all %1 who have used it',
          shares,
          formatUsd(spent)
        )
      : '',
    isZeroUsd(held) ? '' : trans.__('%1 reserved by calls under way', formatUsd(held)),
    raised === null
      ? ''
      : trans.__(
          'raised until %1, then %2',
          momentWords(raised),
          formatUsd(use.usual_limit_usd ?? use.limit_usd)
        )
  ].filter(line => line !== '');
}

/** When it is empty again. */
export function endWords(use: BudgetUse, window: string, trans: TranslationBundle): string {
  if (use.window_end !== null) {
    return trans.__('starts anew %1', momentWords(use.window_end));
  }
  return window.startsWith('rolling')
    ? trans.__('what is older than its window drops out')
    : trans.__('never starts anew');
}
