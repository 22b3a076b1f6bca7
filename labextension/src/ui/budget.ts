/** How near a budget is to its end. */
import { type BudgetStatus } from '../api/types';
import { shareOf } from '../money';

export type BudgetLevel = 'fine' | 'near' | 'over';

/** Share of a budget from which people are warned. */
const NEAR = 0.8;

/** `near` also when the present rate would pass the limit before the window ends. */
export function budgetLevel({ spent_usd, limit_usd, forecast_usd }: BudgetStatus): BudgetLevel {
  const spent = shareOf(spent_usd, limit_usd);
  if (spent >= 1) {
    return 'over';
  }
  const willPass = forecast_usd !== null && shareOf(forecast_usd, limit_usd) >= 1;
  return spent >= NEAR || willPass ? 'near' : 'fine';
}

/** The level of the budget that is worst off. */
export function worstLevel(budgets: readonly BudgetStatus[]): BudgetLevel {
  const levels = new Set(budgets.map(budgetLevel));
  return levels.has('over') ? 'over' : levels.has('near') ? 'near' : 'fine';
}
