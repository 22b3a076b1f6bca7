/** What else of the configuration names an object, so that nobody removes it unaware. */
import { type Json, type Key, type Setting } from '../api/admin-types';
import { objectOf, textsOf } from './json';

export interface IReference {
  kind: 'alias' | 'group' | 'budget' | 'limit' | 'key';
  name: string;
}

/** Settings that may name others. */
export interface IReferrers {
  aliases: readonly Setting[];
  groups: readonly Setting[];
  budgets: readonly Setting[];
  limits: readonly Setting[];
  keys: readonly Key[];
}

/** Whatever names a connection or one of its models; a glob over all connections names none. */
export function referencesToConnection(name: string, others: IReferrers): IReference[] {
  const isOf = (model: string): boolean => model.startsWith(`${name}/`);
  return [
    ...named('alias', others.aliases, body => textsOf(body['models']).some(isOf)),
    ...named('group', others.groups, body => textsOf(body['allow']).some(isOf)),
    ...rules(others, scope => scope['connection'] === name || isOf(text(scope['model']))),
    ...keysWith(others, key => key.models.some(isOf))
  ];
}

export function referencesToAlias(name: string, others: IReferrers): IReference[] {
  return [
    ...named('group', others.groups, body => textsOf(body['allow']).includes(name)),
    ...rules(others, scope => scope['model'] === name),
    ...keysWith(others, key => key.models.includes(name))
  ];
}

export function referencesToGroup(name: string, others: IReferrers): IReference[] {
  return [
    ...rules(others, scope => scope['group'] === name),
    ...keysWith(others, key => key.groups.includes(name))
  ];
}

/** Whatever names a service account as a user. */
export function referencesToAccount(name: string, others: IReferrers): IReference[] {
  return [
    ...named('group', others.groups, body => textsOf(body['members']).includes(name)),
    ...rules(others, scope => scope['user'] === name),
    ...keysWith(others, key => key.user === name)
  ];
}

function rules(
  { budgets, limits }: IReferrers,
  matches: (scope: Record<string, Json>) => boolean
): IReference[] {
  const inScope = (body: Record<string, Json>): boolean => matches(objectOf(body['scope']));
  return [...named('budget', budgets, inScope), ...named('limit', limits, inScope)];
}

function named(
  kind: IReference['kind'],
  settings: readonly Setting[],
  matches: (body: Record<string, Json>) => boolean
): IReference[] {
  return settings.filter(({ body }) => matches(body)).map(({ name }) => ({ kind, name }));
}

function keysWith({ keys }: IReferrers, matches: (key: Key) => boolean): IReference[] {
  return keys.filter(matches).map(({ name }) => ({ kind: 'key' as const, name }));
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
