import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type MeshClient } from '../api/client';
import { MeshModel } from './mesh-model';

/** Counts what is asked; every answer is empty. */
function setUp() {
  const asked: string[] = [];
  const note = (what: string): Promise<unknown> => {
    asked.push(what);
    return Promise.resolve({ models: [], offers: [], calls: [], next: null, default_model: 'm' });
  };
  let tell: (revision: string) => void = () => undefined;
  const client = {
    me: () => note('me'),
    models: () => note('models'),
    costs: (document: string | null) => note(`costs ${document}`),
    calls: ({ document }: { document: string | null }) => note(`calls ${document}`),
    revision: (_: unknown, signal: AbortSignal) =>
      new Promise((resolve, reject) => {
        tell = revision => resolve({ revision });
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    setPreference: () => note('preference'),
    acceptOffer: (id: string) => note(`accept ${id}`)
  };
  const model = new MeshModel(client as unknown as MeshClient);
  const since = (): string[] => asked.splice(0).sort();
  return { model, since, tell: (revision: string) => tell(revision) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('MeshModel', () => {
  test('nothing is asked before it starts, whatever happens', async () => {
    const { model, since } = setUp();
    model.document = 'a.ipynb';
    model.callFinished();
    model.watch();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(since()).toEqual([]);
  });

  test('starting twice asks once', async () => {
    const { model, since } = setUp();
    model.start();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(since()).toEqual(['calls null', 'costs null', 'me', 'models']);
  });

  test('costs are polled always, models and calls only while somebody watches', async () => {
    const { model, since } = setUp();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    since();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(since()).toEqual(['costs null']);
    const watch = model.watch();
    await vi.advanceTimersByTimeAsync(1000);
    expect(since()).toEqual(['calls null', 'models']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(since()).toEqual(['calls null', 'costs null', 'models']);
    watch.dispose();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(since()).toEqual(['costs null']);
  });

  test('a burst of finished calls is one refresh', async () => {
    const { model, since } = setUp();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    since();
    for (let call = 0; call < 50; call += 1) {
      model.callFinished();
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(since()).toEqual(['calls null', 'costs null']);
  });

  test('another notebook takes the old one’s figures off the screen at once', async () => {
    const { model, since } = setUp();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    since();
    model.document = 'b.ipynb';
    expect(model.costs.state.kind).toBe('loading');
    expect(model.calls.state.kind).toBe('ready');
    model.showOnlyDocument(true);
    expect(model.calls.state.kind).toBe('loading');
    await vi.advanceTimersByTimeAsync(1000);
    expect(since()).toEqual(['calls b.ipynb', 'costs b.ipynb']);
  });

  test('the person’s own default comes before the mesh’s', async () => {
    const { model } = setUp();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.defaultModel).toBe('m');
    await model.setDefaultModel('mine');
    expect(model.defaultModel).toBe('m');
  });

  test('connecting an offer asks again which model is the default', async () => {
    const { model, since } = setUp();
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    since();
    await model.acceptOffer('openai');
    expect(since()).toContain('me');
  });

  test('what an admin changes is asked for at once, not with the next poll', async () => {
    const { model, since, tell } = setUp();
    model.interval = 3600;
    model.start();
    await vi.advanceTimersByTimeAsync(1000);
    tell('1.a');
    await vi.advanceTimersByTimeAsync(2000);
    since();
    let told = 0;
    model.policyChanged.connect(() => (told += 1));
    tell('2.a');
    await vi.advanceTimersByTimeAsync(500);
    expect(since()).toEqual(['costs null', 'me', 'models']);
    expect(told).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    model.dispose();
    tell('3.a');
    await vi.advanceTimersByTimeAsync(5000);
    expect(since()).toEqual([]);
  });
});
