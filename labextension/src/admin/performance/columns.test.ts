import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Performance } from '../../api/admin-types';
import { brokenWords, columnGroups, sorted } from './columns';

const trans = nullTranslator.load('jupyter_mesh');
const nothing = { p50: null, p95: null, p99: null };
const row = (key: string, changes: Partial<Performance> = {}): Performance => ({
  key,
  calls: 10,
  failed: 0,
  retried: 0,
  error_rate: 0,
  total_ms: { p50: 100, p95: 300, p99: 900 },
  first_token_ms: nothing,
  tokens_per_second: nothing,
  overhead_ms: nothing,
  healthy: true,
  circuit: 'closed',
  resting: [],
  promised: { p95_ms: null, first_token_p95_ms: null, error_rate: null },
  breaches: [],
  ...changes
});
const columns = columnGroups(trans).flatMap(group => group.columns);

test.each([
  ['calls', true, 'b c a'],
  ['calls', false, 'a c b'],
  ['first50', true, 'c a b'],
  ['first50', false, 'a c b'],
  ['name', false, 'a b c'],
  ['name', true, 'c b a'],
  ['no such column', false, 'a b c']
])('rows by %s, descending %s, are %s', (column, isDescending, keys) => {
  const first = (p50: number): Performance['first_token_ms'] => ({ ...nothing, p50 });
  const rows = [
    row('b', { calls: 30 }),
    row('a', { calls: 10, first_token_ms: first(20) }),
    row('c', { calls: 20, first_token_ms: first(40) })
  ];
  const order = sorted(rows, columns, { column, isDescending }).map(({ key }) => key);
  expect(order.join(' ')).toBe(keys);
});

test('what was promised and not held is said with both figures', () => {
  const promised = { p95_ms: 200, first_token_p95_ms: 50, error_rate: 0.02 };
  const late = row('a', { promised, error_rate: 0.02, breaches: ['p95'] });
  expect(brokenWords(late, trans)).toEqual(['Total time, p95: 300 ms, promised at most 200 ms']);
  const few = row('a', { promised });
  expect(brokenWords(few, trans)).toEqual([]);
});
