import { expect, test } from 'vitest';

import { exactCount, formatCount, formatDuration, formatShare } from './figures';

test.each([
  [0, '0'],
  [812, '812'],
  [999, '999'],
  [1000, '1k'],
  [1049, '1k'],
  [12_345, '12.3k'],
  [128_000, '128k'],
  [999_949, '1000k'],
  [999_950, '1M'],
  [1_048_576, '1M'],
  [400_000_000, '400M'],
  [2_500_000_000, '2.5G']
])('%d tokens are shown as %s', (count, shown) => {
  expect(formatCount(count)).toBe(shown);
});

test.each([
  [0, '0 ms'],
  [0.123, '0.12 ms'],
  [90.4, '90 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min 0 s'],
  [125_000, '2 min 5 s']
])('%d ms are shown as %s', (ms, shown) => {
  expect(formatDuration(ms)).toBe(shown);
});

test.each([
  [0, '0 %'],
  [0.025, '2.5 %'],
  [0.344, '34 %'],
  [1, '100 %']
])('a share of %d is shown as %s', (share, shown) => {
  expect(formatShare(share)).toBe(shown);
});

test('a count in full is grouped by thousands', () => {
  expect(exactCount(1234567)).toBe('1,234,567');
});
