import { expect, test } from 'vitest';

import { fittingStep, shortLabel, startOf, STEP_NAMES, stepsOf, timeTicks } from './steps';

const at = (text: string): Date => new Date(`${text}Z`);
const days = (steps: readonly { start: Date }[]): string =>
  steps.map(({ start }) => start.toISOString().slice(0, 10)).join(' ');

test.each([
  ['hour', '2026-11-22T13:00'],
  ['day', '2026-11-22T00:00'],
  ['week', '2026-11-16T00:00'],
  ['month', '2026-11-01T00:00'],
  ['quarter', '2026-10-01T00:00']
] as const)('the %s that a Sunday afternoon is in began at %s', (name, start) => {
  expect(startOf(at('2026-11-22T13:45:10'), name)).toEqual(at(`${start}:00`));
});

test('a month has every one of its days, also the one that is not over', () => {
  const steps = stepsOf(at('2026-02-01T00:00'), at('2026-02-28T00:01'), 'day');
  expect(steps).toHaveLength(28);
  expect(steps.at(-1)?.end).toEqual(at('2026-03-01T00:00'));
  expect(stepsOf(at('2026-02-01T00:00'), at('2026-02-28T00:00'), 'day')).toHaveLength(27);
});

test('steps follow each other without a gap over months of any length', () => {
  for (const name of STEP_NAMES) {
    const steps = stepsOf(at('2023-12-31T23:00'), at('2024-04-02T00:00'), name);
    for (const [index, { start }] of steps.entries()) {
      expect(startOf(start, name)).toEqual(start);
      expect(start).toEqual(steps[index - 1]?.end ?? start);
    }
  }
  expect(days(stepsOf(at('2026-01-31T00:00'), at('2026-04-01T00:00'), 'month'))).toBe(
    '2026-01-01 2026-02-01 2026-03-01'
  );
  expect(days(stepsOf(at('2026-05-01T00:00'), at('2026-12-01T00:00'), 'quarter'))).toBe(
    '2026-04-01 2026-07-01 2026-10-01'
  );
  expect(shortLabel(at('2026-10-01T00:00'), 'quarter')).toBe('Q4 2026');
});

test.each([
  ['2026-11-21T13:00', 'hour'],
  ['2026-11-01T00:00', 'day'],
  ['2026-08-25T00:00', 'day'],
  ['2026-01-01T00:00', 'week'],
  ['2025-01-01T00:00', 'month']
])('since %s is shown by the %s', (since, name) => {
  expect(fittingStep(at(since), at('2026-11-22T13:00'))).toBe(name);
});

test('marks stand at midnights and Mondays when there is no room for all', () => {
  const hours = stepsOf(at('2026-11-20T07:00'), at('2026-11-22T13:00'), 'hour');
  const marked = (room: number): number[] =>
    timeTicks(hours, 'hour', room).map(({ value }) => hours[value]?.start.getUTCHours() ?? -1);
  expect(marked(100)).toHaveLength(hours.length);
  expect(new Set(marked(6))).toEqual(new Set([0, 12]));
  expect(marked(3)).toEqual([0, 0]);
  const month = stepsOf(at('2026-11-01T00:00'), at('2026-12-01T00:00'), 'day');
  const weekdays = timeTicks(month, 'day', 6).map(({ value }) => month[value]?.start.getUTCDay());
  expect(weekdays).toEqual([1, 1, 1, 1, 1]);
});
