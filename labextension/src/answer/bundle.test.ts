import { describe, expect, test } from 'vitest';

import { answersOf, parseAnswer, parseBundle } from './bundle';

const WHOLE = {
  version: 1,
  id: 'a1',
  state: 'done',
  format: 'markdown',
  text: 'Hi',
  model: 'openai/x',
  requested_model: 'fast',
  request_id: 'r1',
  usage: { input: 8, output: 12, cache_read: 4, reasoning: 2, total: 20, estimated: false },
  cost_usd: '0.00012',
  unpriced: false,
  elapsed_ms: 812,
  first_token_ms: 90,
  tokens_per_second: 55.1,
  cache: 'miss',
  notices: [{ code: 'fallback', message: 'Another model answered.' }],
  finish_reason: 'stop',
  reasoning: 'Because.',
  sources: [],
  ai_generated: true
};

describe('an answer', () => {
  test('is read in full', () => {
    expect(parseAnswer(WHOLE)).toEqual({
      id: 'a1',
      state: 'done',
      format: 'markdown',
      update: { whole: 'Hi' },
      model: 'openai/x',
      requestedModel: 'fast',
      requestId: 'r1',
      usage: { input: 8, output: 12, cacheRead: 4, reasoning: 2, estimated: false },
      cost: '0.00012',
      unpriced: false,
      elapsedMs: 812,
      firstTokenMs: 90,
      tokensPerSecond: 55.1,
      cache: 'miss',
      notices: [{ code: 'fallback', message: 'Another model answered.' }],
      finishReason: 'stop',
      reasoning: 'Because.',
      data: undefined,
      error: null
    });
  });

  test('says what was added', () => {
    const added = parseAnswer({ id: 'a', state: 'streaming', offset: 5, append: 'x' });
    expect(added?.update).toEqual({ offset: 5, append: 'x' });
  });

  test.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ id: 'a' }],
    [{ id: 1, state: 'done' }],
    [{ id: 'a', state: 'exploding' }]
  ])('is not %j', value => {
    expect(parseBundle(value)).toBeNull();
  });

  test('with fields of wrong types is read without them', () => {
    const odd = parseAnswer({
      id: 'a',
      state: 'done',
      format: ['code'],
      text: { evil: true },
      model: 3,
      usage: { input: '8', output: -1 },
      cost_usd: 0.1,
      elapsed_ms: 'soon',
      tokens_per_second: Infinity,
      notices: ['x', { code: 1, message: 'kept' }, { code: 'no message' }],
      error: 'x'
    });
    expect(odd).toMatchObject({
      format: 'markdown',
      update: { whole: '' },
      model: null,
      usage: null,
      cost: null,
      elapsedMs: null,
      tokensPerSecond: null,
      notices: [{ code: '', message: 'kept' }],
      error: null
    });
  });
});

test('a comparison holds its answers, and drops what is none', () => {
  const bundle = parseBundle({
    version: 1,
    id: 'c',
    state: 'done',
    compare: [WHOLE, 7, { ...WHOLE, id: 'a2' }]
  });
  expect(bundle && answersOf(bundle).map(({ id }) => id)).toEqual(['a1', 'a2']);
});
