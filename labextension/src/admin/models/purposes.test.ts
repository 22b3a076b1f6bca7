import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Setting } from '../../api/admin-types';
import { without } from '../json';
import { groupForm } from './group-form';
import { purposesFault, purposesFor, purposesOf } from './purposes';

const trans = nullTranslator.load('jupyter_mesh');
const BODY = {
  members: ['bob'],
  allow: ['*'],
  purposes: ['teaching', 'research'],
  purposes_for: { 'openai/*': ['research'], 'openai/gpt-5': ['teaching'] }
};

test('a group is written as it was read, and without lines it says nothing of purposes', () => {
  const state = groupForm.read(BODY);
  expect(groupForm.write(state)).toEqual(BODY);
  const written = groupForm.write({ ...state, purposesFor: [{ models: ' ', purposes: '' }] });
  expect(written).toEqual(without(BODY, 'purposes_for'));
});

test('a purpose with a comma in its name stays one', () => {
  const body = {
    ...BODY,
    purposes: ['grading, year 5'],
    purposes_for: { 'a/*': ['grading, year 5'] }
  };
  const state = groupForm.read(body);
  expect(groupForm.write(state)).toEqual(body);
  expect(purposesFault(state.purposesFor, body.purposes, trans)).toBe('');
});

test('what is typed twice for one pattern is one entry', () => {
  const lines = [
    { models: 'a/*', purposes: 'x, y' },
    { models: ' a/* ', purposes: 'y,z,' }
  ];
  expect(purposesFor(lines)).toEqual({ 'a/*': ['x', 'y', 'z'] });
});

test.each([
  [[{ models: 'a/*', purposes: 'research' }], ''],
  [[{ models: '', purposes: 'research' }], 'Write a model or a pattern beside “research”.'],
  [[{ models: 'a/*', purposes: ' , ' }], 'Write at least one purpose beside a/*.'],
  [[{ models: 'a/*', purposes: 'Research' }], '“Research” is not among the purposes of this group.']
])('%o is told: %s', (lines, words) => {
  expect(purposesFault(lines, ['research'], trans)).toBe(words);
});

test('any purpose may be written where the group names none', () => {
  expect(purposesFault([{ models: 'a', purposes: 'what I like' }], [], trans)).toBe('');
});

test('every pattern that fits a model adds its purposes', () => {
  const group = { body: BODY } as unknown as Setting;
  expect(purposesOf(group, 'openai/gpt-5')).toEqual(['research', 'teaching']);
  expect(purposesOf(group, 'openai/gpt-5-mini')).toEqual(['research']);
  expect(purposesOf(group, 'campus/qwen')).toEqual([]);
});
