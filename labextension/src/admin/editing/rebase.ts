import { type Body, type Json } from '../../api/admin-types';
import { isObject, isSame } from '../json';

export interface IRebased {
  body: Body;
  /** Fields that both have changed, differently; what was typed here stands. */
  clashes: string[];
}

/**
 * What was typed, put onto what somebody else has saved in between.
 *
 * Fields that only the other has changed are taken over; those changed here stay as they were typed.
 */
export function rebase(base: Body, mine: Body, theirs: Body): IRebased {
  const clashes: string[] = [];
  return { body: merge(base, mine, theirs, '', clashes), clashes };
}

function merge(base: Body, mine: Body, theirs: Body, path: string, clashes: string[]): Body {
  const merged: Body = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = choose(base[name], mine[name], theirs[name], path + name, clashes);
    if (value !== undefined) {
      merged[name] = value;
    }
  }
  return merged;
}

function choose(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
  path: string,
  clashes: string[]
): Json | undefined {
  if (isSame(mine, base)) {
    return theirs;
  }
  if (isSame(theirs, base) || isSame(mine, theirs)) {
    return mine;
  }
  if (isObject(mine) && isObject(theirs)) {
    return merge(isObject(base) ? base : {}, mine, theirs, `${path}.`, clashes);
  }
  clashes.push(path);
  return mine;
}
