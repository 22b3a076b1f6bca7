import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { RuleForm } from './rule-form';

const trans = nullTranslator.load('jupyter_mesh');
const budget = new RuleForm('budgets', trans);
const limit = new RuleForm('limits', trans);

describe('a budget', () => {
  test.each<Body>([
    { scope: { user: '*' }, limit_usd: 5, window: 'day' },
    {
      scope: { group: 'a', connection: 'openai', model: 'openai/*', application: 'x', key: 'k' },
      limit_usd: 0.5,
      window: 'total',
      on_limit: 'warn',
      alert_at: [0.5, 0.875, 1],
      reserve_output_tokens: 100,
      unknown_price: 'refuse',
      timezone: 'Europe/Berlin'
    },
    { scope: { user: '*' }, limit_usd: 3, window: 'rolling 24h', fallback: true },
    { scope: {}, limit_usd: 0 }
  ])('%j is written back as it was read', body => {
    expect(budget.write(budget.read(body))).toEqual(body);
  });

  test('alerts are typed in per cent', () => {
    const state = budget.read({ limit_usd: 5 });
    expect(state.alerts).toBe('80, 100');
    expect(budget.write(state)).not.toHaveProperty('alert_at');
    expect(budget.write({ ...state, alerts: '29, 57' })['alert_at']).toEqual([0.29, 0.57]);
    expect(budget.write({ ...state, alerts: '' })['alert_at']).toEqual([]);
    expect(budget.faults({ ...state, alerts: '80, most' })).toEqual({
      alert_at: 'Write a number.'
    });
  });

  test('a window that rolls needs a length, one by the calendar has none', () => {
    const rolls = budget.read({ limit_usd: 5, window: 'rolling 90m' });
    const asked = budget.asked(rolls).map(({ name }) => name);
    expect(asked).toContain('rolling');
    const without = { ...rolls, values: { ...rolls.values, rolling: '' } };
    expect(budget.faults(without)).toEqual({ rolling: 'This is needed.' });
    const monthly = { ...rolls, values: { ...rolls.values, window: '3' } };
    expect(budget.asked(monthly).map(({ name }) => name)).not.toContain('rolling');
    expect(budget.write(monthly)).toEqual({ limit_usd: 5, window: 'month', scope: {} });
    expect(budget.faults(monthly)).toEqual({});
  });

  test('it needs an amount', () => {
    expect(budget.faults(budget.read({}))).toEqual({ limit_usd: 'This is needed.' });
    const state = budget.read({});
    const negative = { ...state, values: { ...state.values, limit_usd: '-1' } };
    expect(budget.faults(negative)).toEqual({ limit_usd: 'At least 0.' });
  });
});

describe('a limit', () => {
  test('without a scope it is for each user, and that is said', () => {
    expect(limit.write(limit.read({ parallel: 4 }))).toEqual({ scope: { user: '*' }, parallel: 4 });
  });

  test('one for everybody together stays so', () => {
    const body = { scope: {}, tokens_per_minute: 100, wait_seconds: 0 };
    expect(limit.write(limit.read(body))).toEqual(body);
  });

  test('it must limit something', () => {
    expect(limit.faults(limit.read({}))).toEqual({ parallel: 'Set at least one of the three.' });
    expect(limit.faults(limit.read({ requests_per_minute: 1 }))).toEqual({});
  });
});
