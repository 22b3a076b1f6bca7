import { expect, test } from 'vitest';

import { sectionHeights } from './section-heights';

test.each([
  ['all fit: the rest is below the last', [100, 100, 100], 600, [100, 100, 400]],
  ['many models leave cost whole and calls their floor', [2000, 140, 900], 570, [316, 140, 114]],
  ['few models leave the calls what they do not need', [200, 140, 900], 570, [200, 140, 230]],
  ['a long cost section does not push the models out', [2000, 900, 900], 500, [225, 175, 100]],
  ['a folded section has nothing', [2000, 0, 900], 500, [400, 0, 100]],
  ['nothing is open', [0, 0, 0], 500, [0, 0, 0]]
])('%s', (_, wanted, room, heights) => {
  expect(sectionHeights(wanted, room).map(Math.round)).toEqual(heights);
});
