import { describe, expect, test } from 'vitest';

import { choices, EVERYTHING, matches, traitsOf } from './filter';
import { grouped } from './groups';
import { modelCard } from './model-card.fixture';
import { priceTag } from './price';

const gpt = modelCard('openai/gpt-5', { capabilities: ['stream', 'vision', 'tools'] });
const qwen = modelCard('local/Qwen3-0.6B', {
  provider: 'huggingface',
  description: 'Petit modèle de démonstration'
});
const embed = modelCard('openai/text-embedding-3-small', { operations: ['embedding'] });
const handbook = modelCard('rag/handbook', { provider: 'rag', connection: 'rag' });
const fast = modelCard('fast', { kind: 'alias', connection: '', targets: ['openai/gpt-5-mini'] });
const all = [gpt, qwen, embed, handbook, fast];

describe('matches', () => {
  test.each([
    ['', all],
    ['   ', all],
    ['GPT', [gpt, fast]],
    ['open gpt', [gpt, fast]],
    ['qwen gpt', []],
    ['modele', [qwen]],
    ['MODÈLE', [qwen]],
    ['vision', [gpt]],
    ['gpt-5-mini', [fast]],
    ['.*', []]
  ])('%j finds what it says', (text, found) => {
    expect(all.filter(card => matches(card, { ...EVERYTHING, text }))).toEqual(found);
  });

  test('a trait and a provider both narrow', () => {
    expect(all.filter(card => matches(card, { ...EVERYTHING, trait: 'embedding' }))).toEqual([
      embed
    ]);
    expect(all.filter(card => matches(card, { ...EVERYTHING, provider: 'huggingface' }))).toEqual([
      qwen
    ]);
    expect(
      all.filter(card => matches(card, { text: '', trait: 'embedding', provider: 'huggingface' }))
    ).toEqual([]);
  });

  test('what every chat model has is no trait, but chat can be asked for', () => {
    expect(traitsOf(qwen)).toEqual([]);
    expect(traitsOf(handbook)).toEqual(['rag']);
    expect(choices(all, traitsOf)).toEqual(['embedding', 'rag', 'tools', 'vision']);
    expect(matches(embed, { ...EVERYTHING, trait: 'chat' })).toBe(false);
    expect(matches(qwen, { ...EVERYTHING, trait: 'chat' })).toBe(true);
  });
});

describe('grouped', () => {
  const shape = (favourites: string[], recent: string[]): [string, string[]][] =>
    grouped(all, favourites, recent).map(group => [
      group.connection || group.kind,
      group.cards.map(card => card.id)
    ]);

  test('aliases stand before connections, connections in alphabetical order', () => {
    expect(shape([], [])).toEqual([
      ['aliases', ['fast']],
      ['local', ['local/Qwen3-0.6B']],
      ['openai', ['openai/gpt-5', 'openai/text-embedding-3-small']],
      ['rag', ['rag/handbook']]
    ]);
  });

  test('a favourite that was also used stands among the favourites only', () => {
    expect(shape(['openai/gpt-5'], ['openai/gpt-5', 'fast'])).toEqual([
      ['favourites', ['openai/gpt-5']],
      ['recent', ['fast']],
      ['local', ['local/Qwen3-0.6B']],
      ['openai', ['openai/text-embedding-3-small']],
      ['rag', ['rag/handbook']]
    ]);
  });

  test('a favourite one may no longer use is absent, and so is its heading', () => {
    expect(shape(['gone/model'], ['also/gone'])).toEqual(shape([], []));
  });

  test('only the last three used are recent', () => {
    const used = ['fast', 'openai/gpt-5', 'rag/handbook', 'local/Qwen3-0.6B'];
    expect(shape([], used)[0]).toEqual(['recent', ['fast', 'openai/gpt-5', 'rag/handbook']]);
  });
});

describe('priceTag', () => {
  const price = {
    input: '0',
    output: '0.000',
    cache_read: null,
    per_request: '0',
    as_of: null,
    source: 'local'
  };
  test.each([
    [modelCard('a/b', { price }), { kind: 'free' }],
    [modelCard('a/b', { price: null }), { kind: 'unpriced' }],
    [modelCard('fast', { price: null, kind: 'alias' }), { kind: 'varies' }],
    [
      modelCard('a/rerank', { price: { ...price, per_request: '0.002' } }),
      { kind: 'per-request', request: '$0.002' }
    ],
    [
      modelCard('a/b', { price: { ...price, output: '0.4' } }),
      { kind: 'priced', input: '$0.00', output: '$0.40' }
    ]
  ])('%# is told apart', (card, tag) => {
    expect(priceTag(card)).toEqual(tag);
  });
});
