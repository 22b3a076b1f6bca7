import { expect, test } from 'vitest';

import { type Key, type Setting } from '../../api/admin-types';
import { keysOf, membershipIn, membersWith } from './accounts';

const group = (...members: string[]): Setting =>
  ({ name: 'jobs', body: { members, allow: ['*'] } }) as unknown as Setting;

test('its keys are those of its name, and of no longer one', () => {
  const keys = [{ user: 'nightly' }, { user: 'nightly-2' }, { user: 'ada' }] as Key[];
  expect(keysOf('nightly', keys)).toEqual([{ user: 'nightly' }]);
});

test('a group holds it by name, as everybody, or not', () => {
  expect(membershipIn(group('ada', 'nightly'), 'nightly')).toBe('named');
  expect(membershipIn(group('*'), 'nightly')).toBe('everybody');
  expect(membershipIn(group('ada'), 'nightly')).toBe('none');
});

test('it joins once and leaves, and others stay', () => {
  expect(membersWith(group('ada'), 'nightly', true)).toEqual(['ada', 'nightly']);
  expect(membersWith(group('nightly', 'ada'), 'nightly', true)).toEqual(['ada', 'nightly']);
  expect(membersWith(group('nightly', 'ada'), 'nightly', false)).toEqual(['ada']);
});
