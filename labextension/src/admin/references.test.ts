import { expect, test } from 'vitest';

import { type Body, type Key, type Setting } from '../api/admin-types';
import {
  type IReferrers,
  referencesToAlias,
  referencesToConnection,
  referencesToGroup
} from './references';

const setting = (name: string, body: Body): Setting => ({
  kind: 'aliases',
  name,
  body,
  managed_by: 'admin',
  version: 1,
  changed_at: null,
  changed_by: null,
  fault: null
});
const others: IReferrers = {
  aliases: [
    setting('fast', { models: ['openai/gpt-5', 'local/qwen'] }),
    setting('near', { models: ['openai2/gpt-5'] })
  ],
  groups: [
    setting('analysts', { allow: ['openai/*', 'fast'] }),
    setting('all', { allow: ['*', 'openaix'] })
  ],
  budgets: [
    setting('team', { scope: { connection: 'openai', group: 'analysts' }, limit_usd: '5' }),
    setting('cheap', { scope: { model: 'openai/gpt-5' } }),
    setting('none', { limit_usd: '5' })
  ],
  limits: [setting('slow', { scope: { model: 'fast' } })],
  keys: [{ name: 'report', models: ['openai/gpt-5'], groups: ['analysts'] } as unknown as Key]
};

test('a connection is named by its models, too, and not by one with a longer name', () => {
  expect(referencesToConnection('openai', others)).toEqual([
    { kind: 'alias', name: 'fast' },
    { kind: 'group', name: 'analysts' },
    { kind: 'budget', name: 'team' },
    { kind: 'budget', name: 'cheap' },
    { kind: 'key', name: 'report' }
  ]);
  expect(referencesToConnection('open', others)).toEqual([]);
});

test('an alias and a group', () => {
  expect(referencesToAlias('fast', others)).toEqual([
    { kind: 'group', name: 'analysts' },
    { kind: 'limit', name: 'slow' }
  ]);
  expect(referencesToGroup('analysts', others)).toEqual([
    { kind: 'budget', name: 'team' },
    { kind: 'key', name: 'report' }
  ]);
  expect(referencesToGroup('all', others)).toEqual([]);
});
