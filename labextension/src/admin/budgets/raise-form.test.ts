import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { without } from '../json';
import { isIdle, isOver, RaiseForm, raiseName, raiseSentence } from './raise-form';

const trans = nullTranslator.load('jupyter_mesh');
const form = new RaiseForm(['allowance', 'research'], trans);
const BODY = {
  budget: 'research',
  share: 'user=ada',
  limit_usd: 20,
  until: '2999-11-30T18:00:00.000Z',
  reason: 'Closing'
};

test('a raise is read and written as it was, in UTC', () => {
  expect(form.write(form.read(BODY))).toEqual(BODY);
  const all = without(BODY, 'share');
  expect(form.write(form.read(all))).toEqual(all);
});

test.each<[string, object, string[]]>([
  ['nothing is wrong', {}, []],
  ['there is no limit', { limit_usd: '' }, ['limit_usd']],
  ['the limit is no number', { limit_usd: 'much' }, ['limit_usd']],
  ['there is no end', { until: '' }, ['until']],
  ['it has ended already', { until: '2020-01-01T00:00:00Z' }, ['until']],
  ['nobody says why', { reason: '' }, ['reason']],
  ['its share is a bare name', { share: 'ada' }, ['share']],
  ['its share has no name', { share: 'user=' }, ['share']],
  ['its share is a group', { share: 'group=research' }, []]
])('%s', (_, change, wrong) => {
  expect(Object.keys(form.faults(form.read({ ...BODY, ...change })))).toEqual(wrong);
});

test('its name is made, is no longer than a name may be, and is none that is taken', () => {
  const name = 'research for user=ada until 2999-11-30 18:00';
  expect(raiseName(BODY, [])).toBe(name);
  expect(raiseName(BODY, [name])).toBe(`${name} (2)`);
  expect(raiseName(BODY, [name, `${name} (2)`])).toBe(`${name} (3)`);
  const long = { ...BODY, budget: 'x'.repeat(120) };
  const first = raiseName(long, []);
  expect(first).toHaveLength(100);
  expect(raiseName(long, [first])).toHaveLength(100);
  expect(raiseName(long, [first])).not.toBe(first);
});

test('it is said in a sentence, for one or for all', () => {
  expect(raiseSentence(BODY, trans)).toMatch(
    /^user=ada of research may spend \$20\.00 until .* 2999, .*; then its own limit holds again\.$/
  );
  expect(raiseSentence({}, trans)).toContain('… may spend $… until …');
});

test('one that is no more than the budget changes nothing', () => {
  expect(isIdle(BODY, { limit_usd: '20.00' })).toBe(true);
  expect(isIdle(BODY, { limit_usd: 19.99 })).toBe(false);
  expect(isIdle(BODY, undefined)).toBe(false);
  expect(isOver(BODY)).toBe(false);
  expect(isOver({ ...BODY, until: '2020-01-01T00:00:00Z' })).toBe(true);
});
