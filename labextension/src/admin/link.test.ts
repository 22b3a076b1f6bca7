import { expect, test } from 'vitest';

import { addressOf, LINK, spotOfAddress } from './link';
import { type ISpot } from './place';

test('an address leads to the spot it was made of', () => {
  const spot: ISpot = { page: 'usage', view: { range: 'month', 'is.user': 'ada&co=1#x' } };
  const address = addressOf(spot, 'https://host/user/ada/lab');
  expect(LINK.test(address)).toBe(true);
  expect(spotOfAddress(address)).toEqual(spot);
  expect(spotOfAddress(address.replace('https://host/user/ada', ''))).toEqual(spot);
});

test.each(['/lab', '/lab?reset', '/lab/tree/mesh-admin=1.ipynb', undefined])(
  '%s leads to none',
  address => {
    expect(spotOfAddress(address)).toBeNull();
  }
);
