import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { type BudgetUse } from '../../api/admin-types';
import { amountWords, countedUsd, endWords, restWords, useLevel } from './use-words';

const trans = nullTranslator.load('jupyter_mesh');

const use = (more: Partial<BudgetUse>): BudgetUse => ({
  name: 'team',
  limit_usd: '10',
  raised_until: null,
  usual_limit_usd: null,
  each: false,
  shares: 1,
  spent_usd: '2.5',
  held_usd: '0',
  fullest_usd: '2.5',
  window_start: '2026-11-01T00:00:00Z',
  window_end: '2026-12-01T00:00:00Z',
  ...more
});

test('of a budget that all share, the sum counts; of one of each, that of who used most', () => {
  const apart = use({ each: true, shares: 4, spent_usd: '9', fullest_usd: '3.2' });
  expect(countedUsd(use({}))).toBe('2.5');
  expect(countedUsd(apart)).toBe('3.2');
  expect(amountWords(use({}), trans)).toBe('$2.50 of $10.00 spent');
  expect(amountWords(apart, trans)).toBe('at most $3.20 of $10.00');
  expect(restWords(apart, trans)).toEqual(['$9.00 by all 4 who have used it']);
  expect(restWords({ ...apart, shares: 0, spent_usd: '0' }, trans)).toEqual([
    'nobody has used it in this time'
  ]);
});

test.each<[string, string, string]>([
  ['7.99', '10', 'fine'],
  ['8', '10', 'near'],
  ['9.999999999999', '10', 'near'],
  ['10', '10', 'over'],
  ['11', '10', 'over'],
  ['0', '0', 'over']
])('%s of %s is %s', (spent_usd, limit_usd, level) => {
  expect(useLevel(use({ spent_usd, limit_usd }))).toBe(level);
});

describe('beside the amount stands', () => {
  test('what is reserved, and until when it is raised', () => {
    const words = restWords(
      use({ held_usd: '0.5', raised_until: '2026-11-25T12:00:00Z', usual_limit_usd: '8' }),
      trans
    );
    expect(words[0]).toBe('$0.50 reserved by calls under way');
    expect(words[1]).toMatch(/^raised until Nov 25, 2026, .*, then \$8\.00$/);
    expect(restWords(use({}), trans)).toEqual([]);
  });

  test('when it starts anew, if ever', () => {
    expect(endWords(use({ window_end: '2026-12-01T12:00:00Z' }), 'month', trans)).toMatch(
      /^starts anew Dec 1, 2026, /
    );
    const open = use({ window_end: null });
    expect(endWords(open, 'rolling 24h', trans)).toContain('drops out');
    expect(endWords(open, 'total', trans)).toBe('never starts anew');
  });
});
