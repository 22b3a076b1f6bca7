import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { FieldsForm } from './fields-form';
import { fieldsOf } from './schema-fields';

/** As the gateway describes a channel. */
const SCHEMA: Body = {
  properties: {
    url: { type: 'string', format: 'secret', pattern: '^(env|file|store):.' },
    kinds: { type: 'array', items: { type: 'string', enum: ['limit', 'guard'] }, default: [] },
    to: { type: 'array', items: { type: 'string' } },
    enabled: { type: 'boolean', default: true }
  },
  required: ['url', 'to']
};
const form = new FieldsForm(fieldsOf(SCHEMA), nullTranslator.load('jupyter_mesh'));

test('a secret that was typed stands in no body, and one that is kept stays', () => {
  const state = form.read({ channel: 'slack', url: 'store:x', to: ['a@b'] });
  expect(form.write(state)).toEqual({ channel: 'slack', url: 'store:x', to: ['a@b'] });
  const typed = {
    ...state,
    values: { ...state.values, url: { kept: null, typed: 'https://h/x' } }
  };
  expect(form.write(typed)).toEqual({ channel: 'slack', to: ['a@b'] });
  expect(form.secrets(typed)).toEqual({ url: 'https://h/x' });
});

test('any of a few are ticked', () => {
  const state = form.read({ kinds: ['guard'] });
  expect(state.values['kinds']).toBe('guard');
  const all = { ...state, values: { ...state.values, kinds: 'limit\nguard' } };
  expect(form.write(all)).toMatchObject({ kinds: ['limit', 'guard'] });
  expect(fieldsOf(SCHEMA)[1]?.input).toEqual({ kind: 'ticks', options: ['limit', 'guard'] });
});

test('what is needed is said of secrets and lists as well', () => {
  expect(Object.keys(form.faults(form.read({})))).toEqual(['url', 'to']);
  expect(form.faults(form.read({ url: 'env:X', to: ['a@b'] }))).toEqual({});
});
