import { describe, expect, test } from 'vitest';

import { readChoice, writeChoice } from './choice';

/** The three methods of a notebook's model that matter here, over a plain map. */
function metadata(initial: Record<string, unknown> = {}) {
  const entries = new Map(Object.entries(initial));
  return {
    entries,
    getMetadata: (key: string): unknown => entries.get(key),
    setMetadata: (key: string, value: unknown): void => void entries.set(key, value),
    deleteMetadata: (key: string): void => void entries.delete(key)
  };
}

describe('readChoice', () => {
  test.each([
    [undefined, null, null],
    [null, null, null],
    ['fast', null, null],
    [{}, null, null],
    [{ model: 'fast' }, 'fast', null],
    [{ model: '  ', purpose: 'research' }, null, 'research'],
    [{ model: { evil: true }, purpose: 3 }, null, null]
  ])('%j holds model %s and purpose %s', (saved, model, purpose) => {
    expect(readChoice(metadata({ jupyter_mesh: saved }))).toEqual({ model, purpose });
  });
});

describe('writeChoice', () => {
  test('what was written is read again', () => {
    const notebook = metadata();
    writeChoice(notebook, { model: 'openai/gpt-5', purpose: 'research' });
    expect(readChoice(notebook)).toEqual({ model: 'openai/gpt-5', purpose: 'research' });
  });

  test('a notebook without a choice keeps no entry', () => {
    const notebook = metadata({ jupyter_mesh: { model: 'fast' }, kernelspec: {} });
    writeChoice(notebook, { model: null, purpose: null });
    expect([...notebook.entries.keys()]).toEqual(['kernelspec']);
  });

  test('keys of others stay', () => {
    const notebook = metadata({ jupyter_mesh: { model: 'fast', other: 1 } });
    writeChoice(notebook, { model: null, purpose: null });
    expect(notebook.entries.get('jupyter_mesh')).toEqual({ other: 1 });
  });
});
