/** Settings that are one object each: what is asked of them, and what holds now in a sentence. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { type IField } from '../form/fields';
import { durationText } from '../form/durations';
import { ruleField } from '../budgets/scope-fields';
import { objectOf, textOf } from '../json';
import { stretchWords } from '../ui/windows';

export const SECTIONS = ['prices', 'audit', 'default_model', 'admin_contact'] as const;
export type Section = (typeof SECTIONS)[number];

export const NEVER = 'never';

export function sectionTitle(section: Section, trans: TranslationBundle): string {
  return {
    prices: trans.__('Age of prices'),
    audit: trans.__('What is kept of calls'),
    default_model: trans.__('Default model'),
    admin_contact: trans.__('Whom to ask')
  }[section];
}

/** `Nobody is told of prices before they are 120 days old; then an alert is raised.` */
export function sectionSentence(
  section: Section,
  value: Json | undefined,
  trans: TranslationBundle
): string {
  const said = objectOf(value);
  const spelt = (time: Json): string => stretchWords(durationText(time), trans);
  switch (section) {
    case 'prices':
      return said['outdated_after'] === null
        ? trans.__('Prices may be as old as they are: nobody is told.')
        : trans.__(
            'Nobody is told of prices before they are %1 old; then an alert is raised.',
            spelt(said['outdated_after'] ?? DEFAULTS.outdated_after)
          );
    case 'audit': {
      const content = textOf(said['content']) || 'redacted';
      const kept = spelt(said['content_retain'] ?? DEFAULTS.content_retain);
      const record = spelt(said['retain'] ?? DEFAULTS.retain);
      const text =
        content === 'none'
          ? trans.__('No text is kept.')
          : content === 'full'
            ? trans.__('Text is kept in full, encrypted, for %1.', kept)
            : trans.__('Text is kept encrypted, without what the detectors found, for %1.', kept);
      return `${text} ${trans.__('The record of a call is kept for %1.', record)}`;
    }
    case 'default_model':
      return typeof value === 'string'
        ? trans.__('Who has chosen none asks %1.', value)
        : trans.__('Who has chosen none asks the first model that is open to them.');
    case 'admin_contact':
      return typeof value === 'string'
        ? trans.__('People who may not do something are told to ask %1.', value)
        : trans.__('People who may not do something are told to ask “an admin”.');
  }
}

const DEFAULTS = { outdated_after: '120d', content_retain: '30d', retain: '400d' };

export function sectionFields(section: Section, trans: TranslationBundle): IField[] {
  const duration = { kind: 'duration' } as const;
  switch (section) {
    case 'prices':
      return [
        ruleField(
          NEVER,
          trans.__('Never tell'),
          trans.__('No alert is raised, however old prices are.'),
          { kind: 'flag' },
          { fallback: false }
        ),
        ruleField(
          'outdated_after',
          trans.__('Old after'),
          trans.__(
            'From this age on, a price list or a price with a day on which it was checked raises an alert, and the inventory and usage name its models. Such as 90d.'
          ),
          duration,
          { fallback: DEFAULTS.outdated_after }
        )
      ];
    case 'audit':
      return [
        ruleField(
          'content',
          trans.__('Text of calls'),
          trans.__('Whatever is kept is encrypted, under a key for each user.'),
          {
            kind: 'choice',
            options: [
              { value: 'redacted', label: trans.__('kept without what the detectors find') },
              { value: 'full', label: trans.__('kept in full') },
              { value: 'none', label: trans.__('not kept') }
            ]
          },
          { fallback: 'redacted' }
        ),
        ruleField(
          'content_retain',
          trans.__('Keep text for'),
          trans.__('Then it is deleted; the record stays and still verifies.'),
          duration,
          { fallback: DEFAULTS.content_retain }
        ),
        ruleField(
          'retain',
          trans.__('Keep records for'),
          trans.__('Who asked which model when, and what it cost.'),
          duration,
          { fallback: DEFAULTS.retain }
        )
      ];
    case 'default_model':
      return [
        ruleField(
          'value',
          trans.__('Model or alias'),
          trans.__('Its full name, such as openai/gpt-5-mini.'),
          { kind: 'text' }
        )
      ];
    case 'admin_contact':
      return [
        ruleField(
          'value',
          trans.__('Name or address'),
          trans.__('Such as data-platform@example.org; shown beside what is refused.'),
          { kind: 'text' }
        )
      ];
  }
}

/** What the form's fields hold of a body. */
export function unwrapped(section: Section, body: Body): Body {
  const value = body['value'];
  if (section === 'default_model' || section === 'admin_contact') {
    return typeof value === 'string' ? { value } : {};
  }
  const said = objectOf(value);
  if (section === 'prices' && said['outdated_after'] === null) {
    return { [NEVER]: true };
  }
  return said;
}

/** The body of what they hold. */
export function wrapped(section: Section, fields: Body): Body {
  if (section === 'default_model' || section === 'admin_contact') {
    return { value: fields['value'] ?? null };
  }
  const { [NEVER]: never, ...said } = fields;
  return { value: never === true ? { ...said, outdated_after: null } : said };
}
