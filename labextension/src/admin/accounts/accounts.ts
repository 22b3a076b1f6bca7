/** Programs that ask in their own name: what of the configuration belongs to each. */
import { type Key, type Setting } from '../../api/admin-types';
import { textsOf } from '../json';

/** The keys with which it asks. */
export function keysOf(name: string, keys: readonly Key[]): Key[] {
  return keys.filter(({ user }) => user === name);
}

/** How a group holds it: by its name, as everybody, or not. */
export type Membership = 'named' | 'everybody' | 'none';

export function membershipIn(group: Setting, name: string): Membership {
  const members = textsOf(group.body['members']);
  return members.includes(name) ? 'named' : members.includes('*') ? 'everybody' : 'none';
}

/** The members of a group with it among them, or without it. */
export function membersWith(group: Setting, name: string, isMember: boolean): string[] {
  const others = textsOf(group.body['members']).filter(one => one !== name);
  return isMember ? [...others, name] : others;
}

export function isOn({ body }: Setting): boolean {
  return body['enabled'] !== false;
}
