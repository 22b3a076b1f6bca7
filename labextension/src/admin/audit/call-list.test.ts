import { expect, test } from 'vitest';

import { MeshRequestError } from '../../api/errors';
import { type CallPage, type CallSummary } from '../../api/types';
import { CallList } from './call-list';

const page = (ids: string, next: string | null, searched: string | null = null): CallPage => ({
  calls: [...ids].map(id => ({ id }) as CallSummary),
  next,
  searched_to: searched
});

/** A list over a gateway that answers so, one after another; `asked` holds each `before`. */
function list(...answers: (CallPage | MeshRequestError)[]): {
  calls: CallList;
  asked: (string | null)[];
} {
  const asked: (string | null)[] = [];
  const api = {
    calls: (_search: unknown, before: string | null): Promise<CallPage> => {
      asked.push(before);
      const answer = answers.shift() ?? page('', null);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    }
  };
  return { calls: new CallList(api, {}), asked };
}
const ids = ({ state }: CallList): string => state.calls.map(({ id }) => id).join('');

test('pages follow each other until the last', async () => {
  const { calls, asked } = list(page('ab', 'b'), page('c', null));
  await calls.more();
  await calls.more();
  await calls.more();
  expect(ids(calls)).toBe('abc');
  expect(asked).toEqual([null, 'b']);
});

test('a page on its way is not asked for again', async () => {
  const { calls, asked } = list(page('a', 'a'), page('b', null));
  await Promise.all([calls.more(), calls.more()]);
  expect(asked).toEqual([null]);
});

test('an empty page with a next says how far was looked, and is no end', async () => {
  const { calls } = list(page('', 'x', '2026-11-01T00:00:00Z'), page('a', null));
  await calls.more();
  expect(calls.state).toMatchObject({ next: 'x', searchedTo: '2026-11-01T00:00:00Z' });
  await calls.more();
  expect(ids(calls)).toBe('a');
});

test('after a failure the same page is asked for again, and what was there stays', async () => {
  const { calls, asked } = list(
    page('a', 'a'),
    new MeshRequestError('offline', 'gone'),
    page('b', null)
  );
  await calls.more();
  await calls.more();
  expect(calls.state.error?.trouble).toBe('offline');
  expect(ids(calls)).toBe('a');
  await calls.more();
  expect(ids(calls)).toBe('ab');
  expect(asked).toEqual([null, 'a', 'a']);
});
