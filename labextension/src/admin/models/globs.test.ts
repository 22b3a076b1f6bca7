import { describe, expect, test } from 'vitest';

import { coverage, fits, isGlob, isInVain, spelledOut, withModel, withoutModel } from './globs';

test.each([
  ['openai/gpt-5', 'openai/*', true],
  ['openai/o/x', 'openai/*', true],
  ['openai', 'openai/*', false],
  ['OpenAI/gpt-5', 'openai/*', false],
  ['fast', '*', true],
  ['gpt-5', 'gpt-?', true],
  ['gpt-55', 'gpt-?', false],
  ['a.b', 'a.b', true],
  ['axb', 'a.b', false],
  ['q3', 'q[23]', true],
  ['q4', 'q[23]', false],
  ['q4', 'q[!23]', true],
  ['q5', 'q[1-9]', true],
  ['a[b', 'a[b', true],
  ['a]', 'a[]]', true],
  ['(a+b)', '(a+b)', true]
])('%s fits %s: %s', (name, glob, result) => {
  expect(fits(name, glob)).toBe(result);
});

describe('why a model is open', () => {
  test.each([
    [['fast', 'openai/*'], 'fast', { kind: 'named' }],
    [['openai/*', 'openai/gpt-5'], 'openai/gpt-5', { kind: 'named' }],
    [['fast', 'openai/*'], 'openai/gpt-5', { kind: 'glob', glob: 'openai/*' }],
    [['gpt-*', '*'], 'gpt-5', { kind: 'glob', glob: 'gpt-*' }],
    [['openai/*'], 'local/qwen', { kind: 'closed' }],
    [[], 'fast', { kind: 'closed' }]
  ])('%j and %s', (allow, model, why) => {
    expect(coverage(allow, model)).toEqual(why);
  });
});

test.each([
  [['fast'], true],
  [['fast', 'up/a'], false],
  [['fast', 'up/*'], false],
  [['*'], false],
  [['up/c'], false]
])('%j names the alias of up/a and up/b in vain: %s', (allow, result) => {
  expect(isInVain(allow, 'fast', ['up/a', 'up/b'])).toBe(result);
});

test('a tick adds and takes away a name, and nothing twice', () => {
  expect(withModel(['a'], 'b')).toEqual(['a', 'b']);
  expect(withModel(['a'], 'a')).toEqual(['a']);
  expect(withoutModel(['a', 'b/*', 'a'], 'a')).toEqual(['b/*']);
});

test('a pattern is replaced by what it covers now, but for one', () => {
  const models = ['up/a', 'up/b', 'up/c', 'other/d'];
  expect(spelledOut(['fast', 'up/*', 'up/c'], 'up/*', models, 'up/b')).toEqual([
    'fast',
    'up/c',
    'up/a'
  ]);
});

test('what is a pattern is told from what is a name', () => {
  expect(['openai/*', 'q?', 'q[12]', 'openai/gpt-5.1'].map(isGlob)).toEqual([
    true,
    true,
    true,
    false
  ]);
});
