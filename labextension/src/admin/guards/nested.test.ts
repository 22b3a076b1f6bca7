import { expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { flattened, unflattened } from './nested';

const NAMES = ['detectors', 'for.model', 'for.group', 'entities'];

test.each<[Body, Body]>([
  [{}, {}],
  [{ for: { model: 'a/*' } }, { 'for.model': 'a/*' }],
  [
    { for: { model: 'a', group: 'b' }, entities: { '*': 'block' } },
    { 'for.model': 'a', 'for.group': 'b', entities: { '*': 'block' } }
  ],
  [{ for: { later: true } }, { 'for.later': true }]
])('%j has the fields %j, and is the same put together again', (body, flat) => {
  expect(flattened(body, NAMES)).toEqual(flat);
  expect(unflattened(flat)).toEqual(body);
});

test('what is no object is left as it is', () => {
  expect(flattened({ for: 'x' }, NAMES)).toEqual({ for: 'x' });
});
