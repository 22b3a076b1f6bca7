/** What a company declares of one use of its models. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type IField, type Input } from '../form/fields';

export const RISKS = ['minimal', 'limited', 'high', 'prohibited'] as const;

export function fieldsOfUse(trans: TranslationBundle): IField[] {
  const field = (
    name: string,
    title: string,
    description: string,
    input: Input = { kind: 'text' }
  ): IField => ({ name, title, description, required: false, fallback: undefined, input });
  return [
    {
      ...field(
        'application',
        trans.__('Application'),
        trans.__('As its API key names it; “notebook” for notebooks.')
      ),
      required: true
    },
    field('purpose', trans.__('Purpose'), trans.__('Without one: whatever its calls are for.')),
    field('description', trans.__('What it does'), ''),
    field('owner', trans.__('Owner'), trans.__('Who answers for it.')),
    field(
      'risk_class',
      trans.__('Risk class'),
      trans.__(
        'As the EU AI Act sorts uses. You decide; the mesh records. A prohibited use cannot be on.'
      ),
      {
        kind: 'choice',
        options: [
          { value: null, label: '' },
          ...RISKS.map(risk => ({ value: risk, label: riskName(risk, trans) }))
        ]
      }
    ),
    field(
      'data_sources',
      trans.__('Data sources'),
      trans.__('Where what is sent comes from, one to a line.'),
      { kind: 'lines' }
    ),
    field('since', trans.__('First day of use'), trans.__('Such as 2026-09-01.')),
    field(
      'human_oversight',
      trans.__('Human oversight'),
      trans.__('Who oversees it, and how it is stopped or overruled.')
    ),
    field(
      'ai_marking',
      trans.__('Marking'),
      trans.__('How people are told that a model has written something.')
    ),
    {
      ...field('enabled', trans.__('Switched on'), trans.__('Off: its calls are refused.'), {
        kind: 'flag'
      }),
      fallback: true
    },
    field('reason', trans.__('Why it is off'), trans.__('Whoever calls is told.'))
  ];
}

export function riskName(risk: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    minimal: trans.__('minimal risk'),
    limited: trans.__('limited risk'),
    high: trans.__('high risk'),
    prohibited: trans.__('prohibited')
  };
  return names[risk] ?? risk;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What is wrong with a first day of use; empty when nothing is. */
export function dayFault(text: string, trans: TranslationBundle): string {
  const isDay = DAY.test(text.trim()) && !Number.isNaN(Date.parse(text.trim()));
  return text.trim() === '' || isDay ? '' : trans.__('Write a day such as 2026-09-01.');
}
