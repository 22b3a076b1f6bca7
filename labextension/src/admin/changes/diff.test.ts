import { expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { difference, type IDifference } from './diff';

test.each<[string, Body | null, Body | null, IDifference[]]>([
  ['nothing', { a: 1 }, { a: 1 }, []],
  ['made', null, { limit: 5 }, [{ path: ['limit'], after: 5 }]],
  ['removed', { limit: 5 }, null, [{ path: ['limit'], before: 5 }]],
  ['another value', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: ['b'], before: 2, after: 3 }]],
  [
    'deep inside',
    { m: { x: { price: 1 }, y: 1 } },
    { m: { x: { price: 2 }, y: 1 } },
    [{ path: ['m', 'x', 'price'], before: 1, after: 2 }]
  ],
  [
    'a list',
    { allow: ['a', 'b'] },
    { allow: ['b', 'c'] },
    [{ path: ['allow'], added: ['c'], removed: ['a'] }]
  ],
  [
    'the order of a list',
    { models: ['a', 'b'] },
    { models: ['b', 'a'] },
    [{ path: ['models'], before: ['a', 'b'], after: ['b', 'a'] }]
  ],
  ['the order of fields is none', { o: { a: 1, b: 2 } }, { o: { b: 2, a: 1 } }, []],
  [
    'an object in place of a list',
    { models: ['a'] },
    { models: { a: {} } },
    [{ path: ['models'], before: ['a'], after: { a: {} } }]
  ],
  ['an empty object', {}, { models: {} }, [{ path: ['models'], after: {} }]]
])('%s', (_, before, after, lines) => {
  expect(difference(before, after)).toEqual(lines);
});
