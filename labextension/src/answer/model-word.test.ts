import { expect, test } from 'vitest';

import { withModel } from './model-word';

test.each([
  ['%%llm\nHi', '%%llm new/m\nHi'],
  ['%%llm', '%%llm new/m'],
  ['%%llm fast\nHi', '%%llm new/m\nHi'],
  ['%%llm  fast  -t 0\nfast', '%%llm  new/m  -t 0\nfast'],
  ['%%llm -t 0.2 fast\nHi', '%%llm -t 0.2 new/m\nHi'],
  ['%%llm -t 0.2\nHi', '%%llm new/m -t 0.2\nHi'],
  ['%%llm --no-cache fast\nHi', '%%llm --no-cache new/m\nHi'],
  ['%%llm -s "be fast" fast', '%%llm -s "be fast" new/m'],
  ["%%llm -s 'be short'\nx", "%%llm new/m -s 'be short'\nx"],
  ['%%llm -p top_p=1\nx', '%%llm new/m -p top_p=1\nx'],
  ['\n%%llm fast\nHi', '\n%%llm new/m\nHi'],
  ['%%rag\nWho?', null],
  ['%%rag handbook\nWho?', '%%rag handbook new/m\nWho?'],
  ['%%rag handbook fast -k 3\nWho?', '%%rag handbook new/m -k 3\nWho?'],
  ['%%llm --compare a,b\nHi', null],
  ['%%llm --compare=a,b\nHi', null],
  ['%%llmx fast\nHi', null],
  ['print("%%llm")', null],
  ['%llm fix', null]
])('%j becomes %j', (source, expected) => {
  expect(withModel(source, 'new/m')).toBe(expected);
});
