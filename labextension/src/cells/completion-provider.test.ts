import { type ICompletionContext } from '@jupyterlab/completer';
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { modelCard } from '../catalogue/model-card.fixture';
import { type IMeshModel } from '../model/token';
import { MeshCompletions } from './completion-provider';

const models = [
  modelCard('openai/gpt-5'),
  modelCard('openai/text-embedding-3', { operations: ['embedding'] }),
  modelCard('local/qwen')
];
const provider = new MeshCompletions(
  { catalogue: { value: { models } } } as unknown as IMeshModel,
  nullTranslator.load('jupyter_mesh')
);

/** What Tab offers at `|`; the kernel knows `kernel` and is asked about `expressions`. */
async function tab(
  marked: string,
  kernel: { matches: string[]; cursor_start: number } | null = null
) {
  const offset = Array.from(marked).indexOf('|');
  const text = marked.replace('|', '');
  const expressions: string[] = [];
  const requestComplete = ({ code }: { code: string }): Promise<unknown> => {
    expressions.push(code);
    return Promise.resolve({ content: { status: 'ok', ...kernel } });
  };
  const context = {
    session: { kernel: kernel && { requestComplete } }
  } as unknown as ICompletionContext;
  const reply = await provider.fetch({ text, offset }, context);
  return {
    labels: reply.items.map(item => item.label),
    replaced: Array.from(text).slice(reply.start, reply.end).join(''),
    expressions
  };
}

describe('MeshCompletions', () => {
  test('offers models that answer prompts, by prefix or else by part', async () => {
    expect((await tab('%%llm |')).labels).toEqual(['openai/gpt-5', 'local/qwen']);
    expect((await tab('%%llm open|')).labels).toEqual(['openai/gpt-5']);
    expect((await tab('%%llm gpt|')).labels).toEqual(['openai/gpt-5']);
    expect((await tab('%%llm gpt|')).replaced).toBe('gpt');
    expect((await tab('%%llm zzz|')).labels).toEqual([]);
  });

  test('offers options of the magic', async () => {
    expect((await tab('%%llm --no-|')).labels).toEqual([
      '--no-cache',
      '--no-stream',
      '--no-interpolate'
    ]);
    expect((await tab('%%llm --st|')).labels).toEqual([]);
    expect((await tab('%%rag handbook --st|')).labels).toEqual(['--strict']);
  });

  test('asks the kernel about the expression alone, and replaces the last name only', async () => {
    const answer = await tab('%%llm\nSum up {{df.pri|}}', {
      matches: ['df.price', 'df.prices'],
      cursor_start: 0
    });
    expect(answer).toEqual({
      labels: ['price', 'prices'],
      replaced: 'pri',
      expressions: ['df.pri']
    });
  });

  test('counts code points, as the completer does, not UTF-16 units', async () => {
    const answer = await tab('%%llm\n😀😀 {{"😀" + na|', { matches: ['name'], cursor_start: 6 });
    expect(answer).toMatchObject({ labels: ['name'], replaced: 'na' });
  });

  test('magics and, unasked, private names are no variables', async () => {
    const matches = ['%time', '_', '__name__', 'items'];
    expect((await tab('%%llm\n{{|', { matches, cursor_start: 0 })).labels).toEqual(['items']);
    expect((await tab('%%llm\n{{_|', { matches: ['_x'], cursor_start: 0 })).labels).toEqual(['_x']);
  });

  test('without a kernel there are no variables, and prose has no completions', async () => {
    expect((await tab('%%llm\n{{na|')).labels).toEqual([]);
    expect((await tab('%%llm\nplain te|')).labels).toEqual([]);
  });
});
