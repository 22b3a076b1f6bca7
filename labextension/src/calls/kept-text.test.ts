import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type CallDetail } from '../api/types';
import { askedTitle, keptWords } from './kept-text';

const trans = nullTranslator.load('jupyter_mesh');
const detail = (
  changes: Partial<CallDetail>,
  outcome = 'answered',
  model: string | null = 'campus/m'
): CallDetail =>
  ({
    summary: { outcome, model },
    content: 'redacted',
    content_until: null,
    erased_at: null,
    ...changes
  }) as CallDetail;

const MOMENT = '2026-03-04T12:00:00Z';

test.each<[Partial<CallDetail>, RegExp]>([
  [{ content: 'full', content_until: MOMENT }, /in full, encrypted\. It is deleted after .*2026/],
  [{ content: 'redacted', content_until: MOMENT }, /without what the detectors found.*2026/],
  [{ content: 'redacted' }, /found in it\.$/],
  [{ content: 'erased', erased_at: MOMENT }, /erased on .*2026/],
  [{ content: 'erased' }, /key to its text is gone/],
  [{ content: 'expired', content_until: MOMENT }, /was kept until .*2026/],
  [{ content: 'none' }, /^Policy keeps no text/],
  [{ content: 'withheld' }, /caller and for auditors/]
])('what is said of %o is so', (changes, words) => {
  expect(keptWords(detail(changes), trans)).toMatch(words);
});

test('only what lacks something says so, and nothing that stayed here was sent', () => {
  expect(askedTitle(detail({ content: 'full' }), trans)).toBe('Sent to the model');
  expect(askedTitle(detail({}), trans)).toContain('without what the detectors found');
  expect(askedTitle(detail({}, 'blocked'), trans)).toBe('Asked, and not sent');
  expect(askedTitle(detail({}, 'refused'), trans)).toBe('Asked, and not sent');
  expect(askedTitle(detail({}, 'failed', null), trans)).toBe('Asked, and not sent');
  expect(askedTitle(detail({}, 'failed'), trans)).toContain('Sent to the model');
});
