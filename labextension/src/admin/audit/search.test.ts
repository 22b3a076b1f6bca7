import { expect, test } from 'vitest';

import { checkpointOf, narrowing, queryOf, whoseOf } from './search';

test('fields go to the gateway as they are written, empty ones not at all', () => {
  const query = queryOf({ user: ' ada ', model: '', outcome: 'refused', nonsense: 'x' }, 'all');
  const sent = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== null));
  expect(sent).toEqual({ view: 'all', user: 'ada', outcome: 'refused' });
});

test('the last day is included, and what is no day is left out', () => {
  expect(queryOf({ from: '2026-02-27', to: '2026-02-28' }, 'own')).toMatchObject({
    since: '2026-02-27T00:00:00Z',
    until: '2026-03-01T00:00:00.000Z'
  });
  expect(queryOf({ from: '27.2.', to: '2026-13-40' }, 'own')).toMatchObject({
    since: null,
    until: null
  });
});

test.each([
  [['use'], 'all', 'own'],
  [['use', 'read:usage'], 'team', 'team'],
  [['use', 'read:usage'], 'all', 'own'],
  [['use', 'audit'], 'own', 'own'],
  [['use', 'audit'], 'nonsense', 'all']
])('with %o a link to %s shows %s', (scopes, whose, shown) => {
  expect(whoseOf({ whose }, scopes)).toBe(shown);
});

test('what narrows is counted; whose calls they are is not', () => {
  expect(narrowing({ whose: 'own', user: 'ada', model: ' ', from: '2026-01-01' })).toBe(2);
});

test.each([
  ['{"heads":[],"signature":"ab"}', true],
  ['{"heads":[]}', false],
  ['[]', false],
  ['null', false],
  ['no json', false]
])('%s is a checkpoint: %s', (text, isOne) => {
  expect(checkpointOf(text) !== null).toBe(isOne);
});
