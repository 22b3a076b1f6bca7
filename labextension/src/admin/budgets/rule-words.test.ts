import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { budgetSentence, limitSentence } from './rule-words';

const trans = nullTranslator.load('jupyter_mesh');

test.each<[Body, string]>([
  [
    { scope: { user: '*' }, limit_usd: '5', window: 'day' },
    'Each user may spend $5.00 a day; then calls are refused.'
  ],
  [{ limit_usd: 50 }, 'Everybody together may spend $50.00 a month; then calls are refused.'],
  [
    { scope: { group: 'analysts' }, limit_usd: '200', on_limit: 'warn' },
    'The group analysts together may spend $200.00 a month; then an alert is raised, and calls go on.'
  ],
  [
    { scope: { group: '*' }, limit_usd: '1', window: 'total' },
    'Each group may spend $1.00 in all; then calls are refused.'
  ],
  [
    { scope: { user: 'ada', connection: 'openai' }, limit_usd: '0.5', window: 'hour' },
    'ada may spend $0.50 an hour on the connection openai; then calls are refused.'
  ],
  [
    { scope: { user: '*', application: 'reports', model: 'openai/*' }, limit_usd: '2' },
    'Each user within the application reports may spend $2.00 a month on models openai/*; then calls are refused.'
  ],
  [
    { scope: { key: 'r' }, limit_usd: '2', window: 'week', unknown_price: 'refuse' },
    'The API key r may spend $2.00 a week; then calls are refused. A model without a price is refused.'
  ],
  [{}, 'Everybody together may spend $… a month; then calls are refused.']
])('a budget %j', (body, sentence) => {
  expect(budgetSentence(body, trans)).toBe(sentence);
});

test.each<[Body, string]>([
  [
    { requests_per_minute: 60, tokens_per_minute: 100000, parallel: 8 },
    'Each user may make 60 requests a minute, use 100,000 tokens a minute and have 8 calls at once; what is more waits for 2 s, and is then refused.'
  ],
  [
    { scope: {}, parallel: 1, wait_seconds: 0 },
    'Everybody together may have 1 call at once; what is more is refused.'
  ],
  [
    { scope: { group: 'batch', model: 'local/*' }, requests_per_minute: 1 },
    'The group batch together may make 1 request a minute on models local/*; what is more waits for 2 s, and is then refused.'
  ],
  [{}, 'Each user may ask as often as they like: nothing is limited yet.']
])('a limit %j', (body, sentence) => {
  expect(limitSentence(body, trans)).toBe(sentence);
});
