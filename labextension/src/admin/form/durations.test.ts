import { expect, test } from 'vitest';

import { durationOf, durationText } from './durations';

test.each([
  ['PT10M', '10m'],
  ['PT1M30S', '90s'],
  ['P1DT0H', '1d'],
  ['P14D', '2w'],
  ['10m', '10m'],
  [2.5, '2.5s'],
  ['soon', 'soon'],
  [null, ''],
  [undefined, '']
])('%j is shown as %j', (value, text) => {
  expect(durationText(value)).toBe(text);
});

test.each([
  ['30', '30s'],
  ['30s', '30s'],
  [' 10 m ', '10m'],
  ['2.5', 2.5],
  ['1.5m', 90],
  ['', null],
  ['-3s', null],
  ['10 minutes', null],
  ['PT10M', null]
])('%j is sent as %j', (text, value) => {
  expect(durationOf(text)).toBe(value);
});
