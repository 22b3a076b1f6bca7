import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Setting } from '../../api/admin-types';
import { newName, switched } from './switch';
import { dayFault } from './use-case-fields';

const reports = { application: 'reports', purpose: 'billing' };

test.each([
  ['reports', 'billing', [], 'reports billing'],
  ['reports', 'unspecified', [], 'reports'],
  ['reports', null, ['reports', 'reports 2'], 'reports 3']
])('a use of %s for %s gets a name of its own', (application, purpose, taken, name) => {
  expect(newName({ application, purpose }, taken)).toBe(name);
});

test('switching off keeps what was declared, and says why', () => {
  const setting = { body: { ...reports, owner: 'olga' } } as unknown as Setting;
  expect(switched(reports, setting, false, ' leaked ')).toEqual({
    ...reports,
    owner: 'olga',
    enabled: false,
    reason: 'leaked'
  });
});

test('switching on again takes the reason back', () => {
  const setting = { body: { ...reports, enabled: false, reason: 'leaked' } } as unknown as Setting;
  expect(switched(reports, setting, true, '')).toEqual({ ...reports, enabled: true });
});

test('a use that nobody has declared is declared by switching it off', () => {
  expect(switched({ application: 'notebook', purpose: null }, null, false, '')).toEqual({
    application: 'notebook',
    enabled: false
  });
});

test.each([
  ['', true],
  ['2026-09-01', true],
  ['2026-13-01', false],
  ['1.9.2026', false]
])('%s is a day: %s', (text, isOne) => {
  expect(dayFault(text, nullTranslator.load('x')) === '').toBe(isOne);
});
