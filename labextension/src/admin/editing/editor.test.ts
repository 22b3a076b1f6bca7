import { describe, expect, test } from 'vitest';

import { type Body, type ISettingUpdate, type Setting } from '../../api/admin-types';
import { MeshRequestError } from '../../api/errors';
import { Editor, type IForm } from './editor';

const setting = (body: Body, version: number): Setting => ({
  kind: 'budgets',
  name: 'team',
  body,
  managed_by: 'admin',
  version,
  changed_at: null,
  changed_by: 'eve',
  fault: null
});

interface IState {
  body: Body;
  typedKey: string;
}
const form: IForm<IState> = {
  read: body => ({ body, typedKey: '' }),
  write: state => state.body,
  secrets: ({ typedKey }): Record<string, string> => (typedKey === '' ? {} : { api_key: typedKey }),
  keepTyped: (before, after) => ({ ...after, typedKey: before.typedKey })
};

/** The gateway's side: one object, versions checked as it does. */
class Shelf {
  constructor(public now: Setting | null) {}
  puts: ISettingUpdate[] = [];
  failure: MeshRequestError | null = null;

  put = (_kind: string, _name: string, update: ISettingUpdate): Promise<Setting> => {
    this.puts.push(update);
    if (this.failure !== null) {
      return Promise.reject(this.failure);
    }
    if ((this.now?.version ?? null) !== update.version) {
      return Promise.reject(new MeshRequestError('failed', 'changed in between', 'conflict'));
    }
    this.now = setting(update.body, (update.version ?? 0) + 1);
    return Promise.resolve(this.now);
  };
  latest = (): Promise<Setting | null> => Promise.resolve(this.now);
}

const open = (body: Body): { shelf: Shelf; editor: Editor<IState> } => {
  const first = setting(body, 1);
  const shelf = new Shelf(first);
  return { shelf, editor: new Editor(shelf, 'budgets', first, form) };
};

describe('saving', () => {
  test('sends the version it was made from, and starts anew from what was saved', async () => {
    const { shelf, editor } = open({ limit_usd: '5' });
    expect(editor.isDirty).toBe(false);
    editor.change({ body: { limit_usd: '6' }, typedKey: 'sk-typed' });
    expect(editor.isDirty).toBe(true);
    await editor.save('team');
    expect(shelf.puts).toEqual([
      { body: { limit_usd: '6' }, version: 1, secrets: { api_key: 'sk-typed' } }
    ]);
    expect([editor.isDirty, editor.origin?.version, editor.state.typedKey]).toEqual([false, 2, '']);
  });

  test('a failure leaves what was typed, and says why', async () => {
    const { shelf, editor } = open({ limit_usd: '5' });
    shelf.failure = new MeshRequestError('offline', 'no answer');
    editor.change({ body: { limit_usd: '6' }, typedKey: 'sk-typed' });
    expect(await editor.save('team')).toBeNull();
    expect(editor.error?.trouble).toBe('offline');
    expect(editor.state).toEqual({ body: { limit_usd: '6' }, typedKey: 'sk-typed' });
    expect(editor.isSaving).toBe(false);
  });
});

describe('a new key of a connection', () => {
  const opened = () => {
    const first = setting({ provider: 'openai' }, 1);
    const shelf = new Shelf(first);
    return { shelf, editor: new Editor(shelf, 'connections', first, form) };
  };

  test('is tried first; one that does not work is saved only when that is said', async () => {
    const { shelf, editor } = opened();
    shelf.failure = new MeshRequestError('failed', 'It does not work', 'invalid_request');
    editor.change({ body: { provider: 'openai' }, typedKey: 'sk-typed' });
    expect(await editor.save('up')).toBeNull();
    expect(editor.wasTried).toBe(true);
    shelf.failure = null;
    expect(await editor.save('up', { untried: true })).not.toBeNull();
    expect(shelf.puts.map(({ test }) => test)).toEqual([true, undefined]);
    expect(editor.wasTried).toBe(false);
  });

  test('is what is tried: without one nothing is', async () => {
    const { shelf, editor } = opened();
    editor.change({ body: { provider: 'other' }, typedKey: '' });
    await editor.save('up');
    expect(shelf.puts[0]).not.toHaveProperty('test');
  });
});

describe('somebody else was first', () => {
  const conflicted = async (theirs: Setting | null) => {
    const { shelf, editor } = open({ limit_usd: '5', window: 'day' });
    shelf.now = theirs;
    editor.change({ body: { limit_usd: '6', window: 'day' }, typedKey: 'sk-typed' });
    expect(await editor.save('team')).toBeNull();
    expect(editor.error).toBeNull();
    expect(editor.state.body).toEqual({ limit_usd: '6', window: 'day' });
    return { shelf, editor };
  };

  test('loading again keeps what was typed and takes over the rest', async () => {
    const { shelf, editor } = await conflicted(setting({ limit_usd: '5', window: 'month' }, 7));
    expect(editor.conflict?.theirs?.changed_by).toBe('eve');
    editor.loadAgain();
    expect(editor.state).toEqual({
      body: { limit_usd: '6', window: 'month' },
      typedKey: 'sk-typed'
    });
    expect([editor.conflict, editor.clashes, editor.isDirty]).toEqual([null, [], true]);
    await editor.save('team');
    expect(shelf.puts.at(-1)).toMatchObject({ version: 7, secrets: { api_key: 'sk-typed' } });
    expect(shelf.now?.body).toEqual({ limit_usd: '6', window: 'month' });
  });

  test('a field that both changed is named', async () => {
    const { editor } = await conflicted(setting({ limit_usd: '9', window: 'day' }, 7));
    editor.loadAgain();
    expect(editor.state.body).toEqual({ limit_usd: '6', window: 'day' });
    expect(editor.clashes).toEqual(['limit_usd']);
  });

  test('giving up what was typed takes what is there', async () => {
    const { editor } = await conflicted(setting({ limit_usd: '9' }, 7));
    editor.discard();
    expect(editor.state).toEqual({ body: { limit_usd: '9' }, typedKey: '' });
    expect([editor.conflict, editor.isDirty]).toEqual([null, false]);
  });

  test('what was removed is made again', async () => {
    const { shelf, editor } = await conflicted(null);
    expect(editor.conflict).toEqual({ theirs: null });
    editor.loadAgain();
    expect(editor.origin).toBeNull();
    await editor.save('team');
    expect(shelf.puts.at(-1)?.version).toBeNull();
    expect(shelf.now?.body).toEqual({ limit_usd: '6', window: 'day' });
  });
});
