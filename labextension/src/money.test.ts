import { describe, expect, test } from 'vitest';

import { exactUsd, formatUsd, isZeroUsd, picoOf, shareOf, usdOf } from './money';

describe('formatUsd', () => {
  test.each([
    ['0', '$0.00'],
    ['0.00', '$0.00'],
    ['0E-12', '$0.00'],
    ['18.2', '$18.20'],
    ['50', '$50.00'],
    ['1204', '$1,204.00'],
    ['1234567.895', '$1,234,567.90'],
    ['0.4213', '$0.42'],
    ['0.1', '$0.10'],
    ['0.099', '$0.099'],
    ['0.0995', '$0.10'],
    ['0.00999', '$0.01'],
    ['0.0012', '$0.0012'],
    ['0.00100', '$0.001'],
    ['0.000000000001', '$0.000000000001'],
    ['1E-7', '$0.0000001'],
    ['1.25E+2', '$125.00'],
    ['.5', '$0.50'],
    ['007.5', '$7.50'],
    ['0.995', '$1.00'],
    ['999.995', '$1,000.00'],
    ['-0.25', '−$0.25']
  ])('%s is shown as %s', (amount, shown) => {
    expect(formatUsd(amount)).toBe(shown);
  });

  test('a sum that binary fractions cannot hold keeps its cents', () => {
    expect(formatUsd('1.005')).toBe('$1.01');
    expect(formatUsd('9007199254740993.33')).toBe('$9,007,199,254,740,993.33');
  });

  test.each(['', 'NaN', 'Infinity', '1,5', '$3', '.'])('%j is shown as it came', amount => {
    expect(formatUsd(amount)).toBe(amount);
  });
});

describe('exactUsd', () => {
  test.each([
    ['0.421300', '$0.421300'],
    ['1E-12', '$0.000000000001'],
    ['12345.678901234567890123', '$12,345.678901234567890123'],
    ['50', '$50.00'],
    ['0', '$0.00'],
    ['0E-12', '$0.00']
  ])('%s to the last digit is %s', (amount, shown) => {
    expect(exactUsd(amount)).toBe(shown);
  });
});

test.each([
  ['0', true],
  ['0.000', true],
  ['0E-12', true],
  ['1E-12', false],
  ['x', false]
])('isZeroUsd(%s) is %s', (amount, zero) => {
  expect(isZeroUsd(amount)).toBe(zero);
});

test.each([
  ['5', '10', 0.5],
  ['20', '10', 1],
  ['1', '0', 1],
  ['0', '0', 0]
])('a bar of %s in %s is %s long', (part, whole, length) => {
  expect(shareOf(part, whole)).toBe(length);
});

test.each([
  ['0', 0n],
  ['1E-12', 1n],
  ['0.000000000001', 1n],
  ['-1.5', -1_500_000_000_000n],
  ['1234567.000000000009', 1_234_567_000_000_000_009n]
])('%s is a whole number of the smallest unit, and back', (usd, pico) => {
  expect(picoOf(usd)).toBe(pico);
  expect(picoOf(usdOf(pico))).toBe(pico);
});

test('amounts that binary fractions cannot add come out to the last digit', () => {
  const sum = ['0.1', '0.2', '1E-12'].map(picoOf).reduce((a, b) => a + b);
  expect(exactUsd(usdOf(sum))).toBe('$0.300000000001');
});
