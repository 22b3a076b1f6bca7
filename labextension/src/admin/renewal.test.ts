import { expect, test, vi } from 'vitest';

import { type IAdminApi } from '../api/admin-client';
import { Place } from './place';
import { renewal } from './renewal';
import { AdminStore } from './store';

function setUp() {
  const asked: string[] = [];
  const api = new Proxy({} as IAdminApi, {
    get:
      (_, name: string) =>
      (...args: unknown[]) => {
        asked.push([name, ...args].join(' '));
        return Promise.resolve([]);
      }
  });
  const store = new AdminStore(api);
  const place = new Place();
  return { store, place, told: renewal({ store, place }), since: () => asked.splice(0).sort() };
}

test('what was asked for is asked for again, and nothing else', async () => {
  const { store, told, since } = setUp();
  const outdated = vi.fn();
  store.outdated.connect(outdated);
  await Promise.all([store.models.refresh(), store.settings('groups').refresh()]);
  since();
  told();
  expect(since()).toEqual(['models', 'settings groups']);
  expect(outdated).toHaveBeenCalledTimes(1);
});

test('what was typed and is not saved stays until it is left, then all is asked for once', async () => {
  const { store, place, told, since } = setUp();
  await store.settings('groups').refresh();
  since();
  let isUnsaved = true;
  place.hold(() => isUnsaved);
  told();
  told();
  place.go({ page: 'keys' }); // one is asked first
  expect(since()).toEqual([]);
  isUnsaved = false;
  place.leave();
  expect(since()).toEqual(['settings groups']);
  place.go({ page: 'models' });
  expect(since()).toEqual([]);
});
