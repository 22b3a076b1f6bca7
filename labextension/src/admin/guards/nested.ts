/** A body with the fields of its objects beside the others, as `for.model`, and back. */
import { type Body } from '../../api/admin-types';
import { isObject, objectOf } from '../json';

/** `names` are those of a form's fields: of objects that none of them is in nothing is taken apart. */
export function flattened(body: Body, names: readonly string[]): Body {
  const parents = parentsOf(names);
  const entries = Object.entries(body).flatMap(([name, value]): [string, Body[string]][] =>
    parents.has(name) && isObject(value)
      ? Object.entries(objectOf(value)).map(([inner, one]) => [`${name}.${inner}`, one])
      : [[name, value]]
  );
  return Object.fromEntries(entries);
}

export function unflattened(body: Body): Body {
  const whole: Body = {};
  for (const [name, value] of Object.entries(body)) {
    const [parent = '', inner] = split(name);
    if (inner === undefined) {
      whole[parent] = value;
    } else {
      whole[parent] = { ...objectOf(whole[parent]), [inner]: value };
    }
  }
  return whole;
}

function parentsOf(names: readonly string[]): Set<string> {
  return new Set(names.filter(name => name.includes('.')).map(name => split(name)[0]));
}

function split(name: string): [string, string?] {
  const at = name.indexOf('.');
  return at < 0 ? [name] : [name.slice(0, at), name.slice(at + 1)];
}
