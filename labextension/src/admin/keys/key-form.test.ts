import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Key } from '../../api/admin-types';
import { EMPTY_WISH, renewalOf, requestOf, wishFaults } from './key-form';

const trans = nullTranslator.load('jupyter_mesh');
const now = new Date('2026-11-22T12:00:00');

test('what is empty is left to the gateway', () => {
  expect(requestOf({ ...EMPTY_WISH, name: ' report ', application: 'reports' })).toEqual({
    name: 'report',
    application: 'reports',
    user: null,
    groups: [],
    models: [],
    expires: null,
    purpose: null,
    budget_usd: null,
    window: 'month',
    admin: false,
    auditor: false
  });
});

test('a key may administer, or audit, or both', () => {
  const { admin, auditor } = requestOf({ ...EMPTY_WISH, auditor: true });
  expect([admin, auditor]).toEqual([false, true]);
});

test('lists are lines, and a key ends with the last moment of its day', () => {
  const wish = { ...EMPTY_WISH, groups: 'a\n b \n', models: 'up/*', expires: '2026-12-31' };
  const { groups, models, expires } = requestOf(wish);
  expect([groups, models]).toEqual([['a', 'b'], ['up/*']]);
  expect(new Date(expires ?? '')).toEqual(new Date('2026-12-31T23:59:59'));
});

test.each([
  [{}, { name: 'This is needed.', application: 'This is needed.' }],
  [{ name: 'taken', application: 'x' }, { name: 'There is already one of this name.' }],
  [{ name: 'n', application: 'x', expires: '2026-11-21' }, { expires: 'This day is over.' }],
  [{ name: 'n', application: 'x', expires: '2026-11-22' }, {}],
  [{ name: 'n', application: 'x', budget: 'much' }, { budget: 'Write a number.' }],
  [{ name: 'n', application: 'x', budget: '0.50' }, {}]
])('%j lacks %j', (changes, faults) => {
  expect(wishFaults({ ...EMPTY_WISH, ...changes }, ['taken'], now, trans)).toEqual(faults);
});

const OLD: Key = {
  name: 'reports',
  user: 'nightly',
  application: 'monthly',
  groups: ['finance'],
  models: ['up/*'],
  expires: '2026-12-01T00:00:00Z',
  purpose: 'reporting',
  budget_usd: '5',
  window: 'week',
  admin: false,
  auditor: true,
  managed_by: 'admin',
  version: 3,
  maker: 'olga'
};

test('a renewed key may what the old one may, under a name that is free', () => {
  const wish = renewalOf(OLD, ['reports', 'reports-2'], 'olga');
  expect(requestOf(wish)).toEqual({
    name: 'reports-3',
    application: 'monthly',
    user: 'nightly',
    groups: ['finance'],
    models: ['up/*'],
    expires: null,
    purpose: 'reporting',
    budget_usd: '5',
    window: 'week',
    admin: false,
    auditor: true
  });
  const own = renewalOf({ ...OLD, name: 'reports-3', user: 'olga' }, ['reports-3'], 'olga');
  expect([own.name, own.user]).toEqual(['reports-2', '']);
});

test('where the old key had a last day, the new one has one, too', () => {
  const wish = renewalOf(OLD, ['reports'], 'olga');
  expect(wishFaults(wish, ['reports'], now, trans, OLD)).toHaveProperty('expires');
  const ends = { ...wish, expires: '2027-01-31' };
  expect(wishFaults(ends, ['reports'], now, trans, OLD)).toEqual({});
  expect(wishFaults(wish, ['reports'], now, trans, { ...OLD, expires: null })).toEqual({});
});
