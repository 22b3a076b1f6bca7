import { expect, test } from 'vitest';

import { asksModel, isPromptCell, usesClient } from './cell-source';

test.each([
  ['%%llm', true, true],
  ['%%llm fast -t 0\nSay hello', true, true],
  ['\n%%rag handbook\nWho?', true, true],
  ['%%llmx\nhello', false, false],
  ['%%time\n%%llm\nhello', false, true],
  ['%llm fix', false, true],
  ['x = 1\nanswer = %llm last', false, true],
  ['if x:\n    %llm cost', false, true],
  ['print("%llm is a magic")', false, false],
  ['# %%llm', false, false],
  ['%rag list', false, true],
  ['%ragged', false, false],
  ['', false, false]
])('%j', (source, prompt, asks) => {
  expect(isPromptCell(source)).toBe(prompt);
  expect(asksModel(source)).toBe(asks);
});

test.each([
  ['from jupyter_mesh import connect', true],
  ['import jupyter_mesh as jm', true],
  ['import jupyter_mesher', false],
  ['print("hello")', false]
])('%j brings the client: %s', (source, uses) => {
  expect(usesClient(source)).toBe(uses);
});
