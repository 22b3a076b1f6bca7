import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Json } from '../../api/admin-types';
import { valueWords } from './value-words';

const trans = nullTranslator.load('jupyter_mesh');

test.each<[Json | undefined, string]>([
  ['text', 'text'],
  [5, '5'],
  [true, 'yes'],
  [false, 'no'],
  [null, 'nothing'],
  [undefined, 'nothing'],
  [[], 'nothing'],
  [['a', 'b'], 'a, b'],
  [{}, 'nothing further'],
  [{ user: '*', group: 'a' }, 'user *, group a'],
  ['store:openai.api_key.12ab', 'a sealed key'],
  ['env:OPENAI_API_KEY', 'env:OPENAI_API_KEY']
])('%j is %j', (value, words) => {
  expect(valueWords(value, trans)).toBe(words);
});
