import { afterEach, expect, test } from 'vitest';

import { hashOf, Place } from '../admin/place';
import { followAddress, spotOfHash } from './address';

afterEach(() => {
  history.replaceState(null, '', '#');
});

test.each([
  [{ page: 'catalogue' as const }],
  [{ page: 'keys' as const, open: { kind: 'keys', name: '' } }],
  [{ page: 'budgets' as const, open: { kind: 'budgets', name: 'a&b=c#d é' } }]
])('an address leads back to its spot: %o', spot => {
  expect(spotOfHash(hashOf(spot))).toEqual(spot);
});

test('an address that names no page leads nowhere', () => {
  expect(spotOfHash('')).toBeNull();
  expect(spotOfHash('#name=x')).toBeNull();
});

test('address and place follow each other', () => {
  const place = new Place({ page: 'catalogue' });
  followAddress(place);
  place.go({ page: 'keys' });
  expect(location.hash).toBe('#page=keys');
  history.replaceState(null, '', '#page=changes');
  window.dispatchEvent(new PopStateEvent('popstate'));
  expect(place.spot).toEqual({ page: 'changes' });
});

test('going back from unsaved text asks first, and the address stays', () => {
  const place = new Place({ page: 'keys' });
  followAddress(place);
  place.hold(() => true);
  history.replaceState(null, '', '#page=changes');
  window.dispatchEvent(new PopStateEvent('popstate'));
  expect(place.wanted).toEqual({ page: 'changes' });
  expect(location.hash).toBe('#page=keys');
});
