import { describe, expect, test } from 'vitest';

import { type Body, type Json } from '../../api/admin-types';
import { everyFieldOf, fieldsOf, titleOf } from './schema-fields';

const inputOf = (property: Json, name = 'field', schema: Body = {}) =>
  fieldsOf({ ...schema, properties: { [name]: property } })[0]?.input;

describe('what a field takes', () => {
  test.each<[string, Json, unknown]>([
    ['text', { type: 'string' }, { kind: 'text' }],
    ['a path', { anyOf: [{ type: 'string', format: 'path' }, { type: 'null' }] }, { kind: 'text' }],
    ['a flag', { type: 'boolean' }, { kind: 'flag' }],
    [
      'a number',
      { type: 'number', exclusiveMinimum: 0 },
      { kind: 'number', integer: false, above: 0 }
    ],
    [
      'a count',
      { type: 'integer', minimum: 1, maximum: 9 },
      { kind: 'number', integer: true, minimum: 1, maximum: 9 }
    ],
    ['a time', { type: 'string', format: 'duration' }, { kind: 'duration' }],
    [
      'a time that may be left out',
      { anyOf: [{ type: 'string', format: 'duration' }, { type: 'null' }] },
      { kind: 'duration' }
    ],
    ['a list', { type: 'array', items: { type: 'string' } }, { kind: 'lines' }],
    [
      'a map',
      { type: 'object', additionalProperties: { type: 'string' } },
      { kind: 'map', secret: false }
    ],
    [
      'a map of keys',
      { type: 'object', additionalProperties: { type: 'string', format: 'secret' } },
      { kind: 'map', secret: true }
    ],
    ['a key by format', { type: 'string', format: 'secret' }, { kind: 'secret' }],
    [
      'a key that may be left out',
      { anyOf: [{ type: 'string' }, { type: 'null' }], format: 'secret' },
      { kind: 'secret' }
    ],
    ['a key that is only written', { type: 'string', writeOnly: true }, { kind: 'secret' }],
    ['a union of objects', { anyOf: [{ type: 'object' }, { type: 'string' }] }, { kind: 'kept' }],
    ['a list of objects', { type: 'array', items: { type: 'object' } }, { kind: 'kept' }],
    ['anything', {}, { kind: 'kept' }]
  ])('%s', (_, property, input) => {
    expect(inputOf(property)).toEqual(input);
  });

  test('one of several', () => {
    expect(inputOf({ enum: ['auto', 'cpu'], type: 'string' })).toEqual({
      kind: 'choice',
      options: [
        { value: 'auto', label: 'auto' },
        { value: 'cpu', label: 'cpu' }
      ]
    });
  });

  test('one of several, by reference, or none', () => {
    const schema = { $defs: { Device: { enum: ['cpu'], type: 'string' } } };
    const property: Json = { anyOf: [{ $ref: '#/$defs/Device' }, { type: 'null' }], default: null };
    expect(inputOf(property, 'device', schema)).toEqual({
      kind: 'choice',
      options: [
        { value: null, label: '' },
        { value: 'cpu', label: 'cpu' }
      ]
    });
  });

  test('a key and headers are known by their names', () => {
    expect(inputOf({ type: 'string' }, 'api_key')).toEqual({ kind: 'secret' });
    expect(inputOf({ type: 'string' }, 'api_keys_url')).toEqual({ kind: 'text' });
    const map = { type: 'object', additionalProperties: { type: 'string' } };
    expect(inputOf(map, 'headers')).toEqual({ kind: 'map', secret: true });
  });
});

test('words, what is required and what holds otherwise come from the schema', () => {
  const schema = {
    required: ['region'],
    properties: {
      region: { type: 'string', title: 'Where', description: 'Of the data.', default: 'eu' }
    }
  };
  expect(fieldsOf(schema)[0]).toMatchObject({
    name: 'region',
    title: 'Where',
    description: 'Of the data.',
    required: true,
    fallback: 'eu'
  });
});

test.each([
  ['base_url', 'Base Url', 'Base URL'],
  ['max_answer_bytes', 'Max Answer Bytes', 'Max answer bytes'],
  ['role_arn', '', 'Role ARN'],
  ['ca_file', '', 'CA file'],
  ['region', 'Data region', 'Data region']
])('%s titled %j is “%s”', (name, title, shown) => {
  expect(titleOf(name, title)).toBe(shown);
});

test('what its schema calls rare is rare, and nothing else', () => {
  const schema = { properties: { ca_file: { type: 'string', 'x-rare': true }, region: {} } };
  expect(fieldsOf(schema).map(({ name, isRare }) => [name, isRare])).toEqual([
    ['ca_file', true],
    ['region', undefined]
  ]);
});

test('the fields of an object stand among the others, and what has no input is written as JSON', () => {
  const schema = {
    $defs: {
      Target: {
        type: 'object',
        properties: { model: { anyOf: [{ type: 'string' }, { type: 'null' }] } }
      },
      Action: { enum: ['redact', 'block'], type: 'string' }
    },
    properties: {
      for: { $ref: '#/$defs/Target' },
      entities: { type: 'object', additionalProperties: { $ref: '#/$defs/Action' } },
      thresholds: { type: 'object', additionalProperties: { type: 'number' } },
      odd: { type: 'array', items: { type: 'object' } },
      where: { enum: ['local', 'external'], type: 'string' }
    },
    required: ['where']
  };
  expect(everyFieldOf(schema).map(({ name, input }) => [name, input])).toEqual([
    ['for.model', { kind: 'text' }],
    ['entities', { kind: 'map', secret: false, holds: { options: ['redact', 'block'] } }],
    ['thresholds', { kind: 'map', secret: false, holds: 'numbers' }],
    ['odd', { kind: 'json' }],
    [
      'where',
      {
        kind: 'choice',
        options: [
          { value: null, label: '' },
          { value: 'local', label: 'local' },
          { value: 'external', label: 'external' }
        ]
      }
    ]
  ]);
});
