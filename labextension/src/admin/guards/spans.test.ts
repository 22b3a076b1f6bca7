import { expect, test } from 'vitest';

import { type TriedFinding } from '../../api/admin-types';
import { piecesOf } from './spans';

const found = (start: number, end: number, entity = 'X'): TriedFinding => ({
  start,
  end,
  entity,
  score: 1,
  detector: 'patterns',
  action: 'redact',
  rule: null,
  would: null
});

test.each([
  ['nothing', 'Hello', [], [['Hello', 0]]],
  [
    'one',
    'to ada now',
    [found(3, 6)],
    [
      ['to ', 0],
      ['ada', 1],
      [' now', 0]
    ]
  ],
  ['all of it', 'ada', [found(0, 3)], [['ada', 1]]],
  [
    'two over each other',
    'abcdef',
    [found(0, 4), found(2, 6)],
    [
      ['ab', 1],
      ['cd', 2],
      ['ef', 1]
    ]
  ],
  [
    'behind an emoji',
    '🙂🙂 ada',
    [found(3, 6)],
    [
      ['🙂🙂 ', 0],
      ['ada', 1]
    ]
  ],
  ['an empty text', '', [], []]
] as const)('a text with %s in pieces', (_, text, findings, pieces) => {
  const cut = piecesOf(text, findings);
  expect(cut.map(one => [one.text, one.findings.length])).toEqual(pieces);
  expect(cut.map(one => one.text).join('')).toBe(text);
});
