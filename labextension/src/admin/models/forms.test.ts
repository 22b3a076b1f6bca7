import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { aliasFaults, aliasForm, moved } from './alias-form';
import { groupForm } from './group-form';

const trans = nullTranslator.load('jupyter_mesh');

describe('a group', () => {
  test.each<Body>([
    { members: ['ada', 'hub:staff'], allow: ['fast', 'openai/*'] },
    { members: ['*'], allow: [], purposes: ['research'], purpose_required: true },
    { members: [], allow: ['*'], indexes: ['handbook'] }
  ])('%j is written back as it was read', body => {
    expect(groupForm.write(groupForm.read(body))).toEqual(body);
  });

  test('without a list it opens everything, and that is said when it is saved', () => {
    expect(groupForm.write(groupForm.read({ members: ['ada'] }))['allow']).toEqual(['*']);
  });

  test('blank lines are nobody', () => {
    const state = { ...groupForm.read({}), members: ' ada \n\n', purposes: '\n' };
    expect(groupForm.write(state)).toEqual({ members: ['ada'], allow: ['*'] });
  });
});

describe('an alias', () => {
  test.each<Body>([
    { models: ['a/x', 'b/y'] },
    { models: ['a/x'], strategy: 'ordered' },
    { models: ['a/x', 'b/y'], strategy: 'weighted', weights: [1, 3] },
    { models: ['a/x'], strategy: 'cheapest' }
  ])('%j is written back as it was read', body => {
    expect(aliasForm.write(aliasForm.read(body))).toEqual(body);
  });

  test('weights go with the strategy that uses them', () => {
    const state = aliasForm.read({ models: ['a/x'], strategy: 'weighted', weights: [2] });
    expect(aliasForm.write({ ...state, strategy: 'fastest' })).toEqual({
      models: ['a/x'],
      strategy: 'fastest'
    });
  });

  test.each([
    [[], 'ordered', 'Name at least one model.'],
    [[''], 'ordered', undefined],
    [['1', '2.5'], 'weighted', undefined],
    [['1', ''], 'weighted', 'Each model needs a weight. Write a number.'],
    [['1', '0'], 'weighted', 'Each model needs a weight. More than 0.']
  ])('weights %j with %s: %j', (weights, strategy, fault) => {
    const targets = weights.map((weight, index) => ({ model: `m${index}`, weight }));
    expect(aliasFaults({ targets, strategy, original: {} }, trans)['models']).toBe(fault);
  });

  test('a model moves up and down, and never out of the list', () => {
    const all = ['a', 'b', 'c'].map(model => ({ model, weight: '' }));
    const order = (from: number, by: -1 | 1): string =>
      moved(all, from, by)
        .map(({ model }) => model)
        .join('');
    expect([order(0, 1), order(2, -1), order(0, -1), order(2, 1)]).toEqual([
      'bac',
      'acb',
      'abc',
      'abc'
    ]);
  });
});
