import { describe, expect, test } from 'vitest';

import { wordsOf } from './first-line';

const read = (line: string): string[] => wordsOf(line).map(word => `${word.kind}:${word.text}`);

describe('wordsOf', () => {
  test.each([
    ['%%llm', ['magic:%%llm']],
    ['%%llm fast', ['magic:%%llm', 'model:fast']],
    ['%%llm  openai/gpt-5 -t 0.2', ['magic:%%llm', 'model:openai/gpt-5', 'option:-t', 'value:0.2']],
    ['%%llm -t -1 fast', ['magic:%%llm', 'option:-t', 'value:-1', 'model:fast']],
    ['%%llm --new fast', ['magic:%%llm', 'option:--new', 'model:fast']],
    [
      '%%llm --system "You are terse, don\'t ramble" fast',
      ['magic:%%llm', 'option:--system', 'value:"You are terse, don\'t ramble"', 'model:fast']
    ],
    ['%%llm --system "not closed yet', ['magic:%%llm', 'option:--system', 'value:"not closed yet']],
    ['%%llm --tag=team=a', ['magic:%%llm', 'option:--tag', 'value:team=a']],
    ['%%llm --temprature 1', ['magic:%%llm', 'unknown:--temprature', 'model:1']],
    ['%%llm --nope=1', ['magic:%%llm', 'unknown:--nope']],
    ['%%llm --strict', ['magic:%%llm', 'unknown:--strict']],
    ['%%llm fast extra', ['magic:%%llm', 'model:fast', 'positional:extra']],
    [
      '%%rag handbook fast --strict',
      ['magic:%%rag', 'positional:handbook', 'model:fast', 'option:--strict']
    ],
    ['%%llm -', ['magic:%%llm', 'model:-']],
    ['%%llmx fast', []],
    ['print(1)', []],
    ['', []]
  ])('%s', (line, words) => {
    expect(read(line)).toEqual(words);
  });

  test('words know where they stand', () => {
    const line = '%%llm --format=json  "a b"';
    for (const { text, from, to } of wordsOf(line)) {
      expect(line.slice(from, to)).toBe(text);
    }
  });
});
