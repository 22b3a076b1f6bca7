import { expect, test } from 'vitest';

import { type Change, type ChangePage } from '../../api/admin-types';
import { MeshRequestError } from '../../api/errors';
import { ChangePages } from './pages';

const change = (version: number): Change => ({ version }) as Change;
const versions = (pages: ChangePages): number[] => pages.state.changes.map(one => one.version);

test('pages follow each other from where the last one ended', async () => {
  const asked: unknown[] = [];
  const pages = new ChangePages({
    changes: query => {
      asked.push(query);
      const first = query.before === null;
      return Promise.resolve({ changes: [change(first ? 9 : 3)], next: first ? 9 : null });
    }
  });
  await pages.show('groups');
  expect([versions(pages), pages.state.next]).toEqual([[9], 9]);
  await pages.more();
  expect([versions(pages), pages.state.next]).toEqual([[9, 3], null]);
  expect(asked).toEqual([
    { kind: 'groups', before: null, limit: 50 },
    { kind: 'groups', before: 9, limit: 50 }
  ]);
});

test('a page that does not come leaves those that are there', async () => {
  let fails = false;
  const pages = new ChangePages({
    changes: () =>
      fails
        ? Promise.reject(new MeshRequestError('offline', 'no answer'))
        : Promise.resolve({ changes: [change(9)], next: 9 })
  });
  await pages.show(null);
  fails = true;
  await pages.more();
  expect(versions(pages)).toEqual([9]);
  expect(pages.state.error?.trouble).toBe('offline');
  expect(pages.state.isLoading).toBe(false);
});

test('the answer to an earlier question is not shown under a later one', async () => {
  const answers: ((page: ChangePage) => void)[] = [];
  const pages = new ChangePages({ changes: () => new Promise(resolve => answers.push(resolve)) });
  const first = pages.show(null);
  const second = pages.show('keys');
  answers[1]?.({ changes: [change(2)], next: null });
  answers[0]?.({ changes: [change(1)], next: null });
  await Promise.all([first, second]);
  expect(versions(pages)).toEqual([2]);
});
