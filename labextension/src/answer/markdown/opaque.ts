/**
 * Elements whose inside is made later by somebody else (highlighting, typesetting).
 *
 * Two of them are the same when their keys are, whatever they look like by now.
 */
const keys = new WeakMap<Node, string>();

export function markOpaque<E extends Element>(node: E, key: string): E {
  keys.set(node, key);
  return node;
}

export function opaqueKey(node: Node): string | undefined {
  return keys.get(node);
}
