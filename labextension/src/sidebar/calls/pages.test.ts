import { expect, test } from 'vitest';

import { type CallPage, type CallSummary } from '../../api/types';
import { joined } from './pages';

const call = (id: string, outcome: CallSummary['outcome'] = 'answered'): CallSummary => ({
  id,
  started_at: '2026-11-21T14:02:00Z',
  user: 'ada',
  application: 'notebook',
  document: null,
  purpose: 'unspecified',
  operation: 'chat',
  requested_model: 'fast',
  model: 'openai/gpt-5-mini',
  outcome,
  tokens: {
    input: 1,
    output: 2,
    cache_read: 0,
    cache_write: 0,
    reasoning: 0,
    input_audio: 0,
    output_audio: 0,
    input_image: 0,
    estimated: false
  },
  cost_usd: '0.001',
  timing: null,
  error_code: null,
  parent: null,
  connection: 'openai',
  key: null,
  has_finding: false,
  stands_for: 1
});
const page = (ids: string, next: string | null): CallPage => ({
  calls: [...ids].map(id => call(id)),
  next,
  searched_to: null
});
const ids = ({ calls }: CallPage): string => calls.map(({ id }) => id).join('');

test('without earlier pages the newest stands alone', () => {
  expect(joined(page('edc', 'c'), null)).toEqual(page('edc', 'c'));
});

test('a new call pushes none out of the list', () => {
  const shown = page('edcba', null);
  const result = joined(page('fed', 'd'), shown);
  expect(ids(result)).toBe('fedcba');
  expect(result.next).toBeNull();
});

test('a call that has ended since is shown as it is now', () => {
  const shown = { calls: [call('b', 'pending'), call('a')], next: null, searched_to: null };
  expect(joined(page('b', 'x'), shown).calls[0]?.outcome).toBe('answered');
});

test('pages that no longer touch are dropped, not shown with a gap', () => {
  expect(joined(page('zyx', 'x'), page('edc', 'c'))).toEqual(page('zyx', 'x'));
});
