import { expect, test } from 'vitest';

import { argsOf, type ISpot, Place, spotOf } from './place';

test.each([
  [{ page: 'keys' }, { page: 'keys' }],
  [{}, { page: 'connections' }],
  [{ page: 'nowhere' }, { page: 'connections' }],
  [{ page: 'budgets', kind: 'limits' }, { page: 'budgets' }],
  [
    { page: 'budgets', kind: 'limits', name: 'slow' },
    { page: 'budgets', open: { kind: 'limits', name: 'slow' } }
  ]
])('%j leads to %j', (args, spot) => {
  expect(spotOf(args)).toEqual(spot);
});

test.each<ISpot>([
  { page: 'models', open: { kind: 'groups', name: 'a/b' } },
  { page: 'keys', view: { range: '2026-01-01..2026-01-31', 'is.user': 'ada&co=1' } },
  { page: 'keys', open: { kind: 'model', name: 'up/m' }, view: { by: 'model' } }
])('a spot can be named and found again: %j', spot => {
  expect(spotOf(argsOf(spot))).toEqual(spot);
});

test('unsaved text is not left without a word', () => {
  const place = new Place();
  let unsaved = true;
  const release = place.hold(() => unsaved);
  place.go({ page: 'keys' });
  expect(place.spot.page).toBe('connections');
  expect(place.wanted).toEqual({ page: 'keys' });
  place.stay();
  expect(place.wanted).toBeNull();
  place.go({ page: 'keys' });
  place.leave();
  expect(place.spot.page).toBe('keys');
  unsaved = false;
  place.go({ page: 'models' });
  expect(place.spot.page).toBe('models');
  unsaved = true;
  release();
  place.go({ page: 'changes' });
  expect(place.spot.page).toBe('changes');
});
