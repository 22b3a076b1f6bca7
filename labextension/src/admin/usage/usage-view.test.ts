import { expect, test } from 'vitest';

import { type Dimension, periodStart } from './dimensions';
import {
  type IUsageView,
  narrowedTo,
  usageOpenTo,
  usageViewOf,
  viewOf,
  whoseOf,
  withRange,
  without
} from './usage-view';

const NOW = new Date('2026-11-22T13:45:10Z');
const USUAL = usageViewOf({});

test('a link shows what was shown where it was made', () => {
  const shown: IUsageView = {
    whose: 'team',
    range: { first: '2026-01-01', last: '2026-03-31' },
    rows: 'group',
    columns: null,
    measure: 'tokens',
    where: { user: 'ada&co', purpose: '' },
    sort: { column: 'is:a-b', isDescending: true }
  };
  expect(usageViewOf(viewOf(shown))).toEqual(shown);
});

test.each<[Record<string, string>, Partial<IUsageView>]>([
  [{}, { range: 'month', rows: 'model', columns: 'day', measure: 'money', where: {} }],
  [
    { rows: 'moon', columns: 'tide', measure: 'weight' },
    { rows: 'model', columns: 'day' }
  ],
  [
    { rows: 'day', columns: 'day' },
    { rows: 'day', columns: null }
  ],
  [{ 'is.moon': 'full' }, { where: {} }]
])('a link that says %j shows %j', (view, shown) => {
  expect(usageViewOf(view)).toMatchObject(shown);
});

test.each([
  [['use'], 'all', 'own', ['own']],
  [['use', 'read:usage'], 'all', 'own', ['own', 'team']],
  [['use', 'read:usage'], 'team', 'team', ['own', 'team']],
  [['use', 'admin'], undefined, 'all', ['own', 'team', 'all']],
  [['use', 'audit'], 'own', 'own', ['own', 'team', 'all']]
])('whoever may %j and asks for %s sees %s', (scopes, asked, shown, open) => {
  const view = usageViewOf(asked === undefined ? {} : { whose: asked });
  expect(whoseOf(view, scopes)).toBe(shown);
  expect(usageOpenTo(scopes)).toEqual(open);
});

test.each<[IUsageView['range'], Dimension]>([
  ['today', 'hour'],
  ['7d', 'day'],
  ['quarter', 'day'],
  [{ first: '2026-01-01', last: '2026-11-01' }, 'week']
])('over %j a period is shown by the %s', (range, period) => {
  expect(withRange(USUAL, range, NOW).columns).toBe(period);
  expect(withRange({ ...USUAL, columns: 'user' }, range, NOW).columns).toBe('user');
});

test('a chosen value leads on to the next thing worth looking at, and can be taken back', () => {
  const group = narrowedTo({ ...USUAL, rows: 'group' }, 'group', 'risk', NOW);
  expect(group).toMatchObject({ rows: 'user', columns: 'day', where: { group: 'risk' } });
  const user = narrowedTo(group, 'user', 'ada', NOW);
  expect(user).toMatchObject({ rows: 'application', where: { group: 'risk', user: 'ada' } });
  expect(without(user, 'group').where).toEqual({ user: 'ada' });
  const pair = narrowedTo({ ...USUAL, rows: 'group', columns: 'user' }, 'group', 'risk', NOW);
  expect([pair.rows, pair.columns]).toEqual(['application', 'user']);
  const column = narrowedTo({ ...USUAL, rows: 'group', columns: 'user' }, 'user', 'ada', NOW);
  expect([column.rows, column.columns]).toEqual(['group', 'application']);
});

test('a chosen period becomes the time', () => {
  const week = narrowedTo({ ...USUAL, rows: 'week', columns: 'model' }, 'week', '2026-W46', NOW);
  expect(week.range).toEqual({ first: '2026-11-09', last: '2026-11-15' });
  expect(week.rows).toBe('day');
});

test.each([
  ['hour', '2026-11-22T13:00:00Z', '2026-11-22T13:00:00.000Z'],
  ['day', '2026-11-22', '2026-11-22T00:00:00.000Z'],
  ['week', '2026-W01', '2025-12-29T00:00:00.000Z'],
  ['week', '2026-W47', '2026-11-16T00:00:00.000Z'],
  ['week', '2020-W53', '2020-12-28T00:00:00.000Z'],
  ['month', '2026-11', '2026-11-01T00:00:00.000Z'],
  ['quarter', '2026-Q4', '2026-10-01T00:00:00.000Z']
] as const)('the %s %s began at %s', (name, value, start) => {
  expect(periodStart(name, value)?.toISOString()).toBe(start);
});

test('what is no period is none', () => {
  expect(periodStart('month', 'soon')).toBeNull();
});
