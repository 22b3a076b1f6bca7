import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { reasonName } from './outcome';

test.each([
  ['budget_exceeded', 'budget'],
  ['model_not_found', 'model'],
  ['rate_limit_exceeded', 'limit'],
  ['not_permitted', 'rights'],
  ['provider_error', ''],
  [null, '']
])('why a call had no answer is said in a word: %s', (code, word) => {
  expect(reasonName(code, nullTranslator.load('jupyter_mesh'))).toBe(word);
});
