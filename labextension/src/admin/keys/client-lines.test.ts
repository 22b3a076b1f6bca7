import { expect, it } from 'vitest';

import { clientLines } from './client-lines';

it('names the address, the model and no key', () => {
  const lines = clientLines('https://hub.example.org/services/mesh/v1', 'openai/gpt-5');
  expect(lines).toContain('export OPENAI_BASE_URL=https://hub.example.org/services/mesh/v1\n');
  expect(lines).toContain('"model":"openai/gpt-5"');
  expect(lines).toContain('create(model="openai/gpt-5", ');
});

it('quotes a model whose name a shell would end at', () => {
  expect(clientLines('https://x/v1', "o'clock")).toContain(String.raw`"model":"o'\''clock"`);
});
