import { PromiseDelegate } from '@lumino/coreutils';
import { expect, test } from 'vitest';

import { MeshRequestError } from '../api/errors';
import { Resource } from './resource';

/** A resource whose answers the test hands out one by one. */
function scripted(): { resource: Resource<string>; asked: PromiseDelegate<string>[] } {
  const asked: PromiseDelegate<string>[] = [];
  const resource = new Resource<string>(() => {
    const question = new PromiseDelegate<string>();
    asked.push(question);
    return question.promise;
  });
  return { resource, asked };
}

const offline = new MeshRequestError('offline', 'down');

test('loads, and asks only once while a question is under way', async () => {
  const { resource, asked } = scripted();
  const [first, second] = [resource.refresh(), resource.refresh()];
  expect(asked).toHaveLength(1);
  expect(resource.state.kind).toBe('loading');
  asked[0]?.resolve('one');
  await Promise.all([first, second]);
  expect(resource.value).toBe('one');
});

test('a failed refresh keeps the older value beside the error', async () => {
  const { resource, asked } = scripted();
  resource.put('one');
  const refreshed = resource.refresh();
  asked[0]?.reject(offline);
  await refreshed;
  expect(resource.value).toBe('one');
  expect(resource.error).toBe(offline);
});

test('what is forbidden now is taken off the screen', async () => {
  const { resource, asked } = scripted();
  resource.put('one');
  const refreshed = resource.refresh();
  asked[0]?.reject(new MeshRequestError('forbidden', 'not yours'));
  await refreshed;
  expect(resource.state.kind).toBe('failed');
  expect(resource.value).toBeNull();
});

test('an answer to a question asked before a reset is thrown away', async () => {
  const { resource, asked } = scripted();
  const old = resource.refresh();
  resource.reset();
  const recent = resource.refresh();
  asked[1]?.resolve('new document');
  await recent;
  asked[0]?.resolve('old document');
  await old;
  expect(resource.value).toBe('new document');
});

test('renewing does not settle for a question asked earlier', async () => {
  const { resource, asked } = scripted();
  const old = resource.refresh();
  const renewed = resource.renew();
  asked[0]?.resolve('before the call ended');
  asked[1]?.resolve('after it');
  await Promise.all([old, renewed]);
  expect(resource.value).toBe('after it');
});

test('an error of any other kind becomes one a person can read', async () => {
  const { resource, asked } = scripted();
  const refreshed = resource.refresh();
  asked[0]?.reject(new TypeError('odd'));
  await refreshed;
  expect(resource.error?.trouble).toBe('failed');
  expect(resource.error?.message).toBe('odd');
});
