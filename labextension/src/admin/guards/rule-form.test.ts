import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Body, type GuardForms } from '../../api/admin-types';
import { GuardRuleForm } from './rule-form';
import { ruleSentence } from './words';

const trans = nullTranslator.load('jupyter_mesh');
const FORMS = {
  kinds: [],
  in_force: [
    {
      name: 'patterns',
      guard: 'patterns',
      finds: 'spans',
      entities: ['IBAN_CODE'],
      residency: 'local',
      standard: true,
      read: null
    },
    {
      name: 'words',
      guard: 'deny_list',
      finds: 'verdicts',
      entities: null,
      residency: 'external',
      standard: false,
      read: null
    }
  ],
  screening_schema: {
    $defs: {
      Target: {
        type: 'object',
        properties: {
          model: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
          group: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null }
        }
      }
    },
    properties: {
      name: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
      for: { $ref: '#/$defs/Target', default: {} },
      later: { type: 'boolean', default: false },
      detectors: { type: 'array', items: { type: 'string' }, default: ['standard'] },
      entities: { type: 'object', additionalProperties: { enum: ['redact', 'block'] } }
    }
  },
  moderation_schema: {}
} as unknown as GuardForms;

test.each<Body>([
  {},
  { entities: { '*': 'block' } },
  { for: { model: 'up/*', group: 'legal' }, detectors: ['patterns'], entities: { X: 'redact' } },
  { later: true, unknown: { to: ['this', 'version'] } }
])('%j is read into the form and written again as it was', body => {
  const form = new GuardRuleForm('screening', FORMS, body, trans);
  expect(form.write(form.read(body))).toEqual(body);
});

test('a field of a later version has an input, behind those that are known', () => {
  const form = new GuardRuleForm('screening', FORMS, {}, trans);
  expect(form.rule.map(({ name }) => name)).toEqual(['detectors', 'entities', 'later']);
  expect(form.target.map(({ name }) => name)).toEqual(['for.model', 'for.group']);
});

test('what holds where nothing is written is ticked', () => {
  const form = new GuardRuleForm('screening', FORMS, {}, trans);
  expect(form.read({}).values['detectors']).toBe('standard');
});

test('detectors and entities that there are can be chosen', () => {
  const form = new GuardRuleForm('screening', FORMS, { detectors: ['gone'] }, trans);
  const [detectors, entities] = form.rule;
  expect(detectors?.input).toMatchObject({ options: ['standard', 'patterns', 'gone'] });
  expect(entities?.input).toMatchObject({ names: ['*', 'IBAN_CODE'] });
});

test.each<[Body, string]>([
  [{}, 'What standard finds in a request to any model is redacted.'],
  [
    { for: { residency: 'external', group: 'legal' }, entities: { '*': 'allow', IBAN: 'block' } },
    'What standard finds in a request to models that are external for the group legal is let pass; IBAN: refused.'
  ],
  [
    { detectors: ['a', 'b'], mode: 'monitor' },
    'What a or b finds in a request to any model is redacted. It only watches: nothing is changed.'
  ]
])('%j is said as a sentence', (body, sentence) => {
  expect(ruleSentence('screening', body, trans)).toBe(sentence);
});

test('a judge’s rule is said as a sentence', () => {
  expect(ruleSentence('moderation', { guard: 'words', threshold: 0.7 }, trans)).toBe(
    'An answer of any model is judged by words; from 0.7 on it is refused.'
  );
});
