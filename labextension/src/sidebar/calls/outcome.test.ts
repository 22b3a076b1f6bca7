import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { reasonName } from './outcome';

test('why a call had no answer is said in a word', () => {
  const trans = nullTranslator.load('jupyter_mesh');
  const codes = ['budget_exceeded', 'model_not_found', 'rate_limit_exceeded', 'not_permitted'];
  const words = codes.map(code => reasonName(code, trans));
  expect(words).toEqual(['budget', 'model', 'limit', 'rights']);
  expect([reasonName('provider_error', trans), reasonName(null, trans)]).toEqual(['', '']);
});
