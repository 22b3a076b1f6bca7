/** What somebody looks for among the calls, as a link names it and as the gateway is asked. */
import { type Query } from '../../api/transport';
import { isObject } from '../json';
import { type View } from '../place';

/** Fields that go to the gateway as they are written. */
export const TEXTS = [
  'user',
  'group',
  'application',
  'model',
  'purpose',
  'outcome',
  'key',
  'document',
  'min_cost_usd',
  'has_finding',
  'finding'
] as const;
/** Days, both included. */
export const DAYS = ['from', 'to'] as const;
export type SearchField = (typeof TEXTS)[number] | (typeof DAYS)[number];

export const WHOSE = ['own', 'team', 'all'] as const;
export type Whose = (typeof WHOSE)[number];

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** Whose calls whoever has these scopes may look at. */
export function whoseOpenTo(scopes: readonly string[]): readonly Whose[] {
  if (scopes.includes('audit')) {
    return WHOSE;
  }
  return scopes.includes('read:usage') ? ['own', 'team'] : ['own'];
}

/** Those that are shown: as the link says, where one may; else as many as one may. */
export function whoseOf(view: View, scopes: readonly string[]): Whose {
  const open = whoseOpenTo(scopes);
  const widest = open.includes('all') ? 'all' : 'own';
  return open.find(one => one === view['whose']) ?? widest;
}

/** The query of a search; whatever is wrong in a link is left out. */
export function queryOf(view: View, whose: Whose): Query {
  const query: Query = { view: whose };
  for (const name of TEXTS) {
    const value = view[name]?.trim();
    query[name] = value === undefined || value === '' ? null : value;
  }
  const { from, to } = view;
  query['since'] = isDay(from) ? `${from}T00:00:00Z` : null;
  query['until'] = isDay(to) ? new Date(Date.parse(to) + DAY_MS).toISOString() : null;
  return query;
}

/** How many fields narrow the search. */
export function narrowing(view: View): number {
  return [...TEXTS, ...DAYS].filter(name => (view[name] ?? '').trim() !== '').length;
}

function isDay(text: string | undefined): text is string {
  return text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text));
}

/** The text of a file as a checkpoint; null where it is none. */
export function checkpointOf(text: string): object | null {
  try {
    const read = JSON.parse(text) as never;
    return isObject(read) && 'heads' in read && 'signature' in read ? read : null;
  } catch {
    return null;
  }
}
