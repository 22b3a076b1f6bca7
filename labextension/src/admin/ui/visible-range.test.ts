import { expect, test } from 'vitest';

import { visibleRange } from './visible-range';

test.each([
  ['at the top', 0, 1000, { first: 0, end: 32 }],
  ['in the middle', 3400, 1000, { first: 88, end: 132 }],
  ['at the end', 33_400, 1000, { first: 968, end: 1000 }],
  ['after the list has become shorter', 33_400, 30, { first: 0, end: 30 }],
  ['with fewer rows than fit', 0, 3, { first: 0, end: 3 }],
  ['with none', 0, 0, { first: 0, end: 0 }]
])('%s', (_where, scrollTop, count, expected) => {
  expect(visibleRange(scrollTop, 680, 34, count)).toEqual(expected);
});
