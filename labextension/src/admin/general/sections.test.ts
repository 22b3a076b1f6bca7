import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test } from 'vitest';

import { type Body } from '../../api/admin-types';
import { FieldsForm } from '../form/fields-form';
import {
  type Section,
  SECTIONS,
  sectionFields,
  sectionSentence,
  sectionTitle,
  unwrapped,
  wrapped
} from './sections';

const trans = nullTranslator.load('jupyter_mesh');

describe('what is written is what was read', () => {
  test.each<[Section, Body]>([
    ['prices', { value: {} }],
    ['prices', { value: { outdated_after: '90d' } }],
    ['prices', { value: { outdated_after: null } }],
    ['audit', { value: { content: 'none', content_retain: '7d' } }],
    ['audit', { value: { content_for: [{ for: {}, keep: 'full' }], retain: '100d' } }],
    ['default_model', { value: 'openai/gpt-5' }],
    ['default_model', { value: null }],
    ['admin_contact', { value: 'ops@example.org' }]
  ])('%s %j', (section, body) => {
    const form = new FieldsForm(sectionFields(section, trans), trans);
    expect(wrapped(section, form.write(form.read(unwrapped(section, body))))).toEqual(body);
  });
});

test.each<[Section, unknown, string]>([
  ['prices', {}, '120 days'],
  ['prices', { outdated_after: 'P90D' }, '90 days'],
  ['prices', { outdated_after: null }, 'nobody is told'],
  ['audit', {}, 'without what the detectors found, for 30 days'],
  [
    'audit',
    { content: 'none', retain: '50d' },
    'No text is kept. The record of a call is kept for 50 days'
  ],
  ['default_model', 'up/m', 'asks up/m'],
  ['default_model', null, 'the first model'],
  ['admin_contact', null, 'an admin']
])('%s %j is said as %s', (section, value, words) => {
  expect(sectionSentence(section, value as never, trans)).toContain(words);
});

test('every section has a title of its own', () => {
  expect(new Set(SECTIONS.map(one => sectionTitle(one, trans))).size).toBe(SECTIONS.length);
});
