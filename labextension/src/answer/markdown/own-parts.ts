/** Controls that the renderer itself put among a model's text, such as the buttons of a code block. */
const parts = new WeakSet<Element>();

export function markOwn<E extends Element>(node: E): E {
  parts.add(node);
  return node;
}

export function isOwn(node: Element): boolean {
  return parts.has(node);
}
