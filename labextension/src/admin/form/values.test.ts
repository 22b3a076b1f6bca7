import { describe, expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { type IField, type Input } from './fields';
import { keepTyped, readValues, typedSecrets, writeValues } from './values';

const field = (name: string, input: Input, more: Partial<IField> = {}): IField => ({
  name,
  title: name,
  description: '',
  required: false,
  fallback: undefined,
  input,
  ...more
});
const fields: IField[] = [
  field('base_url', { kind: 'text' }, { fallback: 'https://api' }),
  field('api_key', { kind: 'secret' }),
  field('headers', { kind: 'map', secret: true }),
  field('tags', { kind: 'map', secret: false }),
  field('verify', { kind: 'flag' }, { fallback: true }),
  field('retries', { kind: 'number', integer: true }, { fallback: 2 }),
  field('timeout', { kind: 'duration' }),
  field('groups', { kind: 'lines' }),
  field('device', {
    kind: 'choice',
    options: [
      { value: null, label: '' },
      { value: 'cpu', label: 'cpu' }
    ]
  }),
  field('odd', { kind: 'kept' })
];

test.each<[string, Body]>([
  ['nothing', {}],
  [
    'everything',
    {
      base_url: 'http://127.0.0.1:8000/v1',
      api_key: 'env:KEY',
      headers: { 'X-Team': 'store:c.headers.X-Team.1' },
      tags: { a: 'b' },
      verify: false,
      retries: 0,
      timeout: '90s',
      groups: ['a', 'b'],
      device: 'cpu',
      odd: { deep: [1] }
    }
  ],
  ['what is written although it goes without saying', { verify: true, retries: 2 }]
])('%s is written back as it was read', (_, body) => {
  expect(writeValues(fields, readValues(fields, body), body)).toEqual(body);
});

test('an emptied input is left out of the body', () => {
  const body = { base_url: 'http://x', retries: 5, groups: ['a'], timeout: '1m' };
  const emptied = {
    ...readValues(fields, body),
    base_url: ' ',
    retries: '',
    groups: '\n',
    timeout: ''
  };
  expect(writeValues(fields, emptied, body)).toEqual({});
});

describe('keys', () => {
  const body = { api_key: 'store:c.api_key.1', headers: { A: 'store:c.headers.A.1' } };

  test('a typed key goes into the secrets, never into the body', () => {
    const values = {
      ...readValues(fields, body),
      api_key: { kept: 'store:c.api_key.1', typed: ' sk-new ' },
      headers: [
        { name: 'A', value: { kept: 'store:c.headers.A.1', typed: '' } },
        { name: 'B', value: { kept: null, typed: 'plain-key' } },
        { name: '', value: { kept: null, typed: 'nowhere' } }
      ]
    };
    expect(typedSecrets(fields, values)).toEqual({ api_key: 'sk-new', 'headers.B': 'plain-key' });
    const written = writeValues(fields, values, body);
    expect(written).toEqual({ headers: { A: 'store:c.headers.A.1' } });
    expect(JSON.stringify(written)).not.toContain('sk-new');
  });

  test.each(['env:OPENAI_API_KEY', 'file:/run/secrets/key'])('%s is no key', reference => {
    const values = { ...readValues(fields, {}), api_key: { kept: null, typed: reference } };
    expect(typedSecrets(fields, values)).toEqual({});
    expect(writeValues(fields, values, {})).toEqual({ api_key: reference });
  });

  test('a removed key is in neither', () => {
    const values = { ...readValues(fields, body), api_key: { kept: null, typed: '' }, headers: [] };
    expect(writeValues(fields, values, body)).toEqual({});
    expect(typedSecrets(fields, values)).toEqual({});
  });

  test('what was typed outlives another body', () => {
    const before = {
      ...readValues(fields, {}),
      api_key: { kept: null, typed: 'sk-typed' },
      headers: [{ name: 'B', value: { kept: null, typed: 'typed' } }]
    };
    const after = readValues(fields, { ...body, base_url: 'http://theirs' });
    const kept = keepTyped(fields, before, after);
    expect(typedSecrets(fields, kept)).toEqual({ api_key: 'sk-typed', 'headers.B': 'typed' });
    expect(kept['base_url']).toBe('http://theirs');
    expect(writeValues(fields, kept, {})['headers']).toEqual({ A: 'store:c.headers.A.1' });
  });
});

test('a map of numbers is written as numbers, and JSON as what it says', () => {
  const common = { title: '', description: '', required: false, fallback: undefined };
  const fields: IField[] = [
    { ...common, name: 'least', input: { kind: 'map', secret: false, holds: 'numbers' } },
    { ...common, name: 'odd', input: { kind: 'json' } }
  ];
  const body = { least: { PERSON: 0.5 }, odd: [{ a: 1 }] };
  const values = readValues(fields, body);
  expect(writeValues(fields, values, body)).toEqual(body);
  const typed = {
    ...values,
    least: [{ name: 'X', value: { kept: null, typed: '0.75' } }],
    odd: ''
  };
  expect(writeValues(fields, typed, body)).toEqual({ least: { X: 0.75 } });
});
