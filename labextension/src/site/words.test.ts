import { expect, test } from 'vitest';

import { PLAIN_WORDS as trans } from './words';

test.each([
  [trans.__('%1 of %2', 'a', 'b'), 'a of b'],
  [trans.__('%2, %1', 'a', 'b'), 'b, a'],
  [trans.__('100 %% of %1', '$1'), '100 % of $1'],
  [trans.__('%1', '%2'), '%2'],
  [trans._n('%1 call', '%1 calls', 1), '1 call'],
  [trans._n('%1 call of %2', '%1 calls of %2', 0, 'ada'), '0 calls of ada']
])('%s', (said, expected) => {
  expect(said).toBe(expected);
});
