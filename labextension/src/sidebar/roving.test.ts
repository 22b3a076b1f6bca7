import { expect, test } from 'vitest';

import { rowAfterKey } from './roving';

const rows = ['a', 'b', 'c'];

test.each([
  ['ArrowDown', 'a', 'b'],
  ['ArrowDown', 'c', 'c'],
  ['ArrowDown', null, 'a'],
  ['ArrowDown', 'gone', 'a'],
  ['ArrowUp', 'b', 'a'],
  ['ArrowUp', 'a', 'a'],
  ['Home', 'c', 'a'],
  ['End', 'a', 'c'],
  ['PageDown', 'a', null],
  ['x', 'a', null]
])('%s at %s leads to %s', (key, at, to) => {
  expect(rowAfterKey(key, rows, at)).toBe(to);
});

test('an empty list leads nowhere', () => {
  expect(rowAfterKey('ArrowDown', [], null)).toBeNull();
  expect(rowAfterKey('End', [], null)).toBeNull();
});
