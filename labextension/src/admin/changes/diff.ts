/** What a change has changed, field by field. */
import { type Body, type Json } from '../../api/admin-types';
import { isObject, isSame } from '../json';

/** One field; `before` is undefined where it was added, `after` where it was taken out. */
export interface IDifference {
  path: string[];
  before?: Json;
  after?: Json;
  /** For lists of names: what came and what went. */
  added?: Json[];
  removed?: Json[];
}

export function difference(before: Body | null, after: Body | null): IDifference[] {
  return compare(before ?? {}, after ?? {}, []);
}

function compare(before: Body, after: Body, path: string[]): IDifference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap(name => compareField(before[name], after[name], [...path, name]));
}

function compareField(
  before: Json | undefined,
  after: Json | undefined,
  path: string[]
): IDifference[] {
  if (isSame(before, after)) {
    return [];
  }
  if (isFull(before) || isFull(after)) {
    const [was, is] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
    if ((before === undefined || isObject(before)) && (after === undefined || isObject(after))) {
      return compare(was, is, path);
    }
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const added = after.filter(item => !before.some(other => isSame(item, other)));
    const removed = before.filter(item => !after.some(other => isSame(item, other)));
    if (added.length + removed.length > 0) {
      return [{ path, added, removed }];
    }
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

function isFull(value: Json | undefined): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}
