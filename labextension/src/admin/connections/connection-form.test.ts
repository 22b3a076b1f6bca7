import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { type Body, type ProviderKind } from '../../api/admin-types';
import { ConnectionForm } from './connection-form';

const trans = nullTranslator.load('jupyter_mesh');
const text = { type: 'string' };
const provider = (name: string, properties: Body): ProviderKind => ({
  name,
  label: name,
  title: name,
  local: false,
  config_schema: { properties, required: ['base_url'] },
  fault: null
});
const form = new ConnectionForm(
  [
    provider('compatible', {
      base_url: text,
      api_key: { ...text, format: 'secret' },
      headers: { type: 'object', additionalProperties: text }
    }),
    provider('vendor', { base_url: text, region: text })
  ],
  trans
);
const full: Body = {
  provider: 'compatible',
  base_url: 'http://127.0.0.1:1/v1',
  api_key: 'store:c.api_key.1',
  enabled: false,
  residency: 'region',
  trains_on_requests: false,
  retains_requests: '30d',
  timeout: '90s',
  retries: 0,
  parallel: 4,
  models: {
    a: {
      price: { input: '0.10', output: '3', cache_read: '0.01' },
      context_window: 9,
      internal: true
    },
    b: {}
  }
};

test.each<[string, Body]>([
  ['everything', full],
  ['little', { provider: 'compatible', base_url: 'http://x' }],
  ['what no form knows', { provider: 'compatible', base_url: 'http://x', later: { a: 1 } }],
  ['a provider that is not installed', { provider: 'gone', secret_sauce: 'x' }]
])('%s is written back as it was read', (_, body) => {
  expect(form.write(form.read(body))).toEqual(body);
});

describe('models', () => {
  test('a list of names is read', () => {
    const body = form.write(form.read({ ...full, models: ['a', 'b'] }));
    expect(body['models']).toEqual({ a: {}, b: {} });
  });

  test('a price is written as typed, and taken out when emptied', () => {
    const state = form.read(full);
    const [a, b] = state.models;
    const models = [
      { ...a, input: '0.2' },
      { ...b, input: '1', output: '' }
    ];
    expect(form.write({ ...state, models })['models']).toEqual({
      a: {
        price: { input: '0.2', output: '3', cache_read: '0.01' },
        context_window: 9,
        internal: true
      },
      b: { price: { input: '1' } }
    });
    const emptied = {
      ...state,
      models: [{ ...a, input: '', output: '', internal: false }]
    };
    expect(form.write(emptied)['models']).toEqual({ a: { context_window: 9 } });
  });

  test.each([
    ['0.2', '', ''],
    ['', '', ''],
    ['', '3', 'Say the price of the input as well.'],
    ['cheap', '', 'A price is an amount in USD, such as 0.25.'],
    ['-1', '', 'A price is an amount in USD, such as 0.25.']
  ])('in %j and out %j: %j', (input, output, fault) => {
    const state = form.read(full);
    const models = [{ ...state.models[0], input, output }];
    expect(form.faults({ ...state, models })['models.a'] ?? '').toBe(fault);
  });
});

test('a typed key is beside the body, and needed fields are asked for', () => {
  const state = form.read({ provider: 'compatible' });
  expect(form.faults(state)).toEqual({ base_url: 'This is needed.' });
  const typed = { ...state, own: { ...state.own, api_key: { kept: null, typed: 'sk-1' } } };
  expect(form.secrets(typed)).toEqual({ api_key: 'sk-1' });
  expect(JSON.stringify(form.write(typed))).not.toContain('sk-1');
  expect(form.faults(form.read({}))['provider']).toBe('This is needed.');
});

test('another provider keeps what both have, and leaves out what it does not know', () => {
  const state = form.withProvider(form.read(full), 'vendor');
  const body = form.write(state);
  expect(body).toMatchObject({ provider: 'vendor', base_url: 'http://127.0.0.1:1/v1', retries: 0 });
  expect(body).not.toHaveProperty('api_key');
});
