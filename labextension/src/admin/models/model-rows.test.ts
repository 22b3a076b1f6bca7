import { expect, test } from 'vitest';

import { type Body, type ConnectionStatus, type Setting } from '../../api/admin-types';
import { modelCard } from '../../catalogue/model-card.fixture';
import { allowOf, found, modelRows } from './model-rows';

const setting = (name: string, body: Body): Setting => ({
  kind: 'aliases',
  name,
  body,
  managed_by: 'admin',
  version: 1,
  changed_at: null,
  changed_by: null,
  fault: null
});
const status: ConnectionStatus = {
  name: 'up',
  provider: 'openai_compatible',
  enabled: true,
  models: ['up/a', 'up/b'],
  cards: [modelCard('up/b')],
  fault: null
};
const rows = modelRows(
  [status],
  [
    setting('fast', { models: ['up/b'] }),
    setting('cheap', { models: ['up/b'], strategy: 'cheapest' })
  ]
);

test('aliases come first, and each model has its card where there is one', () => {
  expect(rows.map(({ id, connection, card }) => [id, connection, card?.id])).toEqual([
    ['fast', '', 'up/b'],
    ['cheap', '', undefined],
    ['up/a', 'up', undefined],
    ['up/b', 'up', 'up/b']
  ]);
});

test.each([
  ['', ['fast', 'cheap', 'up/a', 'up/b']],
  ['UP B', ['fast', 'cheap', 'up/b']],
  ['up z', []]
])('%j finds %j', (typed, ids) => {
  expect(found(rows, typed).map(({ id }) => id)).toEqual(ids);
});

test('a group without a list opens everything', () => {
  expect(allowOf(setting('g', {}))).toEqual(['*']);
  expect(allowOf(setting('g', { allow: [] }))).toEqual([]);
});
