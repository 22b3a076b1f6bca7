/** What usage is grouped by: the names of the gateway, in words, and periods as times. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { nextOf, shortLabel, startOf, STEP_NAMES, type StepName } from '../../charts/steps';
import { type IBounds } from '../range/range';

export const FIELDS = [
  'group',
  'user',
  'application',
  'key',
  'purpose',
  'document',
  'model',
  'connection',
  'provider',
  'operation'
] as const;
export type Field = (typeof FIELDS)[number];
export type Dimension = Field | StepName;
export const DIMENSIONS: readonly Dimension[] = [...FIELDS, ...STEP_NAMES];

export function isPeriod(dimension: Dimension | null): dimension is StepName {
  return STEP_NAMES.some(one => one === dimension);
}

export function dimensionName(dimension: Dimension, trans: TranslationBundle): string {
  return {
    group: trans.__('Group'),
    user: trans.__('User'),
    application: trans.__('Application'),
    key: trans.__('API key'),
    purpose: trans.__('Purpose'),
    document: trans.__('Document'),
    model: trans.__('Model'),
    connection: trans.__('Connection'),
    provider: trans.__('Provider'),
    operation: trans.__('Operation'),
    hour: trans.__('Hour'),
    day: trans.__('Day'),
    week: trans.__('Week'),
    month: trans.__('Month'),
    quarter: trans.__('Quarter')
  }[dimension];
}

/** A value as people call it: what has none is named, a period is written as a date. */
export function valueWords(dimension: Dimension, value: string, trans: TranslationBundle): string {
  if (isPeriod(dimension)) {
    const start = periodStart(dimension, value);
    return start === null ? value : shortLabel(start, dimension);
  }
  if (value !== '') {
    return value;
  }
  return {
    group: trans.__('no group'),
    user: trans.__('nobody'),
    application: trans.__('no application'),
    key: trans.__('no key'),
    purpose: trans.__('no purpose'),
    document: trans.__('no document'),
    model: trans.__('no model (refused)'),
    connection: trans.__('no connection (refused)'),
    provider: trans.__('no provider (refused)'),
    operation: trans.__('none')
  }[dimension];
}

/** When a period began, by the gateway's name for it: `2026-W47`, `2026-Q4`, `2026-11`; null where it is none. */
export function periodStart(name: StepName, value: string): Date | null {
  const [year = '', part = ''] = value.split(/-[WQ]?/);
  const start = {
    hour: () => Date.parse(value),
    day: () => Date.parse(`${value}T00:00:00Z`),
    // The fourth of January is in the first week of its year.
    week: () => startOf(new Date(Date.UTC(Number(year), 0, 4 + 7 * (Number(part) - 1))), 'week'),
    month: () => Date.UTC(Number(year), Number(part) - 1),
    quarter: () => Date.UTC(Number(year), 3 * (Number(part) - 1))
  }[name]();
  const date = new Date(start);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** The days of a period, to look at it more closely. */
export function periodBounds(name: StepName, value: string): IBounds | null {
  const since = periodStart(name, value);
  return since === null ? null : { since, until: nextOf(since, name) };
}

/** What is worth looking at next, once one value of a field is chosen. */
const NEXT: readonly Field[] = ['group', 'user', 'application', 'model', 'purpose', 'document'];

/** The field to group by after a value of `field` was chosen: the next one that is not fixed yet. */
export function nextField(field: Field, taken: readonly string[]): Field {
  const free = NEXT.filter(one => one !== field && !taken.includes(one));
  const after = free.find(one => NEXT.indexOf(one) > NEXT.indexOf(field));
  return after ?? free[0] ?? field;
}
