import { describe, expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { rebase } from './rebase';

describe('what was typed, put onto what somebody else has saved', () => {
  test.each<[string, Body, Body, Body, Body, string[]]>([
    ['nobody changed', { a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }, []],
    ['only I changed', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 1 }, { a: 2, b: 1 }, []],
    ['only they changed', { a: 1 }, { a: 1 }, { a: 3 }, { a: 3 }, []],
    ['both, other fields', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 5 }, { a: 2, b: 5 }, []],
    ['both the same', { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }, []],
    ['both, differently', { a: 1 }, { a: 2 }, { a: 3 }, { a: 2 }, ['a']],
    ['they removed', { a: 1, b: 1 }, { a: 1, b: 1 }, { a: 1 }, { a: 1 }, []],
    ['I removed', { a: 1, b: 1 }, { a: 1 }, { a: 1, b: 1 }, { a: 1 }, []],
    ['I removed, they changed', { a: 1 }, {}, { a: 2 }, {}, ['a']],
    ['both added, other fields', {}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }, []],
    [
      'inside of an object',
      { m: { x: 1, y: 1 } },
      { m: { x: 2, y: 1 } },
      { m: { x: 1, y: 1, z: 1 } },
      { m: { x: 2, y: 1, z: 1 } },
      []
    ],
    [
      'a list is one value',
      { l: ['a'] },
      { l: ['a', 'b'] },
      { l: ['c'] },
      { l: ['a', 'b'] },
      ['l']
    ],
    [
      'fields in another order are the same',
      { o: { a: 1, b: 2 } },
      { o: { b: 2, a: 1 } },
      { o: 7 },
      { o: 7 },
      []
    ]
  ])('%s', (_, base, mine, theirs, body, clashes) => {
    expect(rebase(base, mine, theirs)).toEqual({ body, clashes });
  });

  test('a clash inside of an object is named by its path', () => {
    const { clashes } = rebase({ p: { in: 1 } }, { p: { in: 2 } }, { p: { in: 3 } });
    expect(clashes).toEqual(['p.in']);
  });
});
