import { expect, test } from 'vitest';

import { type BudgetStatus } from '../api/types';
import { budgetLevel, worstLevel } from './budget';

const budget = (spent: string, limit: string, forecast: string | null = null): BudgetStatus => ({
  name: 'team',
  limit_usd: limit,
  spent_usd: spent,
  held_usd: '0',
  window: 'month',
  window_start: '2026-11-01T00:00:00Z',
  window_end: '2026-12-01T00:00:00Z',
  hard: true,
  forecast_low_usd: null,
  forecast_high_usd: null,
  forecast_usd: forecast,
  usual_limit_usd: null,
  raised_until: null
});

test.each([
  ['0', '50', null, 'fine'],
  ['39.99', '50', null, 'fine'],
  ['40', '50', null, 'near'],
  ['49.999999', '50', null, 'near'],
  ['50', '50', null, 'over'],
  ['51', '50', null, 'over'],
  ['10', '50', '49.99', 'fine'],
  ['10', '50', '50', 'near'],
  ['0', '0', null, 'fine'],
  ['0.01', '0', null, 'over']
] as const)('%s of %s with forecast %s is %s', (spent, limit, forecast, level) => {
  expect(budgetLevel(budget(spent, limit, forecast))).toBe(level);
});

test('the worst budget counts', () => {
  expect(worstLevel([])).toBe('fine');
  expect(worstLevel([budget('1', '50'), budget('45', '50')])).toBe('near');
  expect(worstLevel([budget('60', '50'), budget('45', '50')])).toBe('over');
});
