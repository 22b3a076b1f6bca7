import { expect, test } from 'vitest';

import { countTicks, durationTicks, type ITick, moneyTicks, niceStep, topOf } from './ticks';

const labels = (ticks: readonly ITick[]): string => ticks.map(({ label }) => label).join(' ');

test.each([
  [0, '$0 $1'],
  [4.2, '$0 $1 $2 $3 $4 $5'],
  [5, '$0 $1 $2 $3 $4 $5'],
  [0.7, '$0 $0.20 $0.40 $0.60 $0.80'],
  [0.0042, '$0 $0.001 $0.002 $0.003 $0.004 $0.005'],
  [0.00000042, '$0 $0.0000001 $0.0000002 $0.0000003 $0.0000004 $0.0000005'],
  [48_211.5, '$0 $10,000 $20,000 $30,000 $40,000 $50,000']
])('money up to %d is marked %s', (most, words) => {
  expect(labels(moneyTicks(most))).toBe(words);
});

test.each([
  [0, '0 1'],
  [3, '0 1 2 3'],
  [90, '0 20 40 60 80 100'],
  [12_300, '0 5k 10k 15k']
])('a count up to %d is marked %s', (most, words) => {
  expect(labels(countTicks(most))).toBe(words);
});

test.each([
  [3.2, '0 1 ms 2 ms 3 ms 4 ms'],
  [850, '0 200 ms 400 ms 600 ms 800 ms 1 s'],
  [9_000, '0 2 s 4 s 6 s 8 s 10 s'],
  [500_000, '0 2 min 4 min 6 min 8 min 10 min']
])('%d ms are marked %s', (most, words) => {
  expect(labels(durationTicks(most))).toBe(words);
});

test('an axis reaches what it shows, in no more than five parts', () => {
  for (let most = 1e-9; most < 1e9; most *= 1.37) {
    const ticks = moneyTicks(most);
    expect(topOf(ticks)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(niceStep(most)).toBeGreaterThan(0);
  }
});
