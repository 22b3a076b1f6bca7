/** A JSON value as a tree that opens and closes. */
import { type TranslationBundle } from '@jupyterlab/translation';
import { type JSONValue } from '@lumino/coreutils';

import { element, keepKeys } from './dom';

/** Levels that are open from the start. */
const OPEN_LEVELS = 2;
/** Members beyond this number are shown on request. */
const FIRST_MEMBERS = 100;

type Member = readonly [key: string, value: JSONValue];

export function jsonTree(trans: TranslationBundle, value: JSONValue): HTMLElement {
  const tree = element('div', 'jp-mesh-Answer-json', node(trans, null, value, 0));
  tree.dir = 'ltr';
  return tree;
}

function node(
  trans: TranslationBundle,
  key: string | null,
  value: JSONValue,
  level: number
): HTMLElement {
  const label = key === null ? null : element('span', 'jp-mesh-Answer-jsonKey', key);
  const members = membersOf(value);
  if (members === null || members.length === 0) {
    return element('div', 'jp-mesh-Answer-jsonLeaf', label, leaf(value));
  }
  const counted = Array.isArray(value)
    ? trans._n('%1 item', '%1 items', members.length)
    : trans._n('%1 field', '%1 fields', members.length);
  const summary = keepKeys(
    element('summary', '', label, element('span', 'jp-mesh-Answer-jsonCount', counted))
  );
  const branch = element('details', 'jp-mesh-Answer-jsonBranch', summary);
  const fill = () => {
    if (branch.open && branch.childElementCount === 1) {
      branch.append(children(trans, members, level + 1));
    }
  };
  branch.open = level < OPEN_LEVELS;
  branch.addEventListener('toggle', fill);
  fill();
  return branch;
}

function membersOf(value: JSONValue): Member[] | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  return Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
}

function leaf(value: JSONValue): HTMLElement {
  const kind = value === null ? 'null' : typeof value;
  const made = element(
    'span',
    `jp-mesh-Answer-jsonValue jp-mesh-Answer-json-${kind}`,
    JSON.stringify(value)
  );
  made.dir = 'auto';
  return made;
}

function children(trans: TranslationBundle, members: readonly Member[], level: number) {
  const inside = element('div', 'jp-mesh-Answer-jsonMembers');
  const show = (from: number) => {
    const upTo = Math.min(members.length, from + FIRST_MEMBERS);
    inside.append(
      ...members.slice(from, upTo).map(([key, value]) => node(trans, key, value, level))
    );
    if (upTo < members.length) {
      const more = keepKeys(
        element('button', 'jp-mesh-Answer-more', trans.__('Show %1 more', members.length - upTo))
      );
      more.type = 'button';
      more.addEventListener('click', () => {
        more.remove();
        show(upTo);
      });
      inside.append(more);
    }
  };
  show(0);
  return inside;
}
