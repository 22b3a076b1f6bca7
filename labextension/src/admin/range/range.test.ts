import { expect, test } from 'vitest';

import { boundsOf, boundsWords, daysOf, faultOf, type Range, rangeOf, rangeText } from './range';

const NOW = new Date('2026-11-22T13:45:10Z');

test.each<[Range, string, string]>([
  ['24h', '2026-11-21T13:45:10.000Z', '2026-11-22T13:45:10.000Z'],
  ['today', '2026-11-22T00:00:00.000Z', '2026-11-22T13:45:10.000Z'],
  ['7d', '2026-11-16T00:00:00.000Z', '2026-11-22T13:45:10.000Z'],
  ['30d', '2026-10-24T00:00:00.000Z', '2026-11-22T13:45:10.000Z'],
  ['month', '2026-11-01T00:00:00.000Z', '2026-11-22T13:45:10.000Z'],
  ['last-month', '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
  ['quarter', '2026-10-01T00:00:00.000Z', '2026-11-22T13:45:10.000Z'],
  ['last-quarter', '2026-07-01T00:00:00.000Z', '2026-10-01T00:00:00.000Z'],
  [
    { first: '2026-02-27', last: '2026-03-01' },
    '2026-02-27T00:00:00.000Z',
    '2026-03-02T00:00:00.000Z'
  ],
  [
    { first: '2026-11-20', last: '2026-11-30' },
    '2026-11-20T00:00:00.000Z',
    '2026-11-22T13:45:10.000Z'
  ]
])('%j is from %s to %s', (range, since, until) => {
  const bounds = boundsOf(range, NOW);
  expect([bounds.since.toISOString(), bounds.until.toISOString()]).toEqual([since, until]);
  expect(rangeOf(rangeText(range), 'today')).toEqual(range);
});

test.each([
  undefined,
  '',
  'yesterday',
  '2026-11-02..2026-11-01',
  '2026-11-02',
  '2026-1-1..2026-1-2'
])('a link with the range %j shows the usual one', text => {
  expect(rangeOf(text, 'month')).toBe('month');
});

test.each([
  ['2026-01-01', '2026-01-01', null],
  ['2026-01-02', '2026-01-01', 'reversed'],
  ['', '2026-01-01', 'incomplete'],
  ['2026-02-31x', '2026-03-01', 'incomplete'],
  ['2025-01-01', '2026-02-03', null],
  ['2025-01-01', '2026-02-05', 'long']
])('from %s to %s: %s', (first, last, fault) => {
  expect(faultOf(first, last)).toBe(fault);
});

test('a month is told by its days, of which the last is still in it', () => {
  const bounds = boundsOf('last-month', NOW);
  expect(daysOf(bounds)).toEqual({ first: '2026-10-01', last: '2026-10-31' });
  expect(boundsWords(boundsOf('today', NOW))).not.toContain('–');
});
