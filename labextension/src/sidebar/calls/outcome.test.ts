import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type CallSummary } from '../../api/types';
import { endName, modelName, reasonName } from './outcome';

test('why a call had no answer is said in a word', () => {
  const trans = nullTranslator.load('jupyter_mesh');
  const codes = ['budget_exceeded', 'model_not_found', 'rate_limit_exceeded', 'not_permitted'];
  const words = codes.map(code => reasonName(code, trans));
  expect(words).toEqual(['budget', 'model', 'limit', 'rights']);
  expect([reasonName('provider_error', trans), reasonName(null, trans)]).toEqual(['', '']);
});

test.each([
  [1, 'up/m', 'refused', 'up/m'],
  [1234, '', 'refused × 1,234', 'not read']
])('a record says how many calls it is of: %i', (calls, asked, ended, model) => {
  const trans = nullTranslator.load('jupyter_mesh');
  const record = { outcome: 'refused', stands_for: calls, model: null, requested_model: asked };
  expect(endName(record as CallSummary, trans)).toBe(ended);
  expect(modelName(record as CallSummary, trans)).toBe(model);
});
