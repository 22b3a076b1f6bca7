/** Bringing shown nodes up to date with as few changes as possible: selection, focus and scroll positions stay. */
import { opaqueKey } from './opaque';

/**
 * Make the children of `parent` from index `from` on look like `wanted`.
 *
 * Nodes of `wanted` are moved into the page where nothing there can be kept.
 */
export function patchChildren(parent: Node, wanted: readonly Node[], from = 0): void {
  wanted.forEach((node, index) => {
    const shown = parent.childNodes.item(from + index) as ChildNode | null;
    if (shown === null) {
      parent.appendChild(node);
    } else if (!patch(shown, node)) {
      parent.replaceChild(node, shown);
    }
  });
  while (parent.childNodes.length > from + wanted.length) {
    parent.lastChild?.remove();
  }
}

/** True when `shown` could be made to look like `wanted`. */
function patch(shown: Node, wanted: Node): boolean {
  if (shown instanceof Text && wanted instanceof Text) {
    patchText(shown, wanted.data);
    return true;
  }
  if (!(shown instanceof Element) || !(wanted instanceof Element)) {
    return false;
  }
  const key = opaqueKey(wanted);
  if (shown.tagName !== wanted.tagName || opaqueKey(shown) !== key) {
    return false;
  }
  patchAttributes(shown, wanted);
  if (key === undefined) {
    patchChildren(shown, Array.from(wanted.childNodes));
  }
  return true;
}

/** Appending leaves a selection in the text before it alone. */
function patchText(shown: Text, wanted: string): void {
  if (wanted.startsWith(shown.data)) {
    if (wanted.length > shown.length) {
      shown.appendData(wanted.slice(shown.length));
    }
  } else {
    shown.data = wanted;
  }
}

function patchAttributes(shown: Element, wanted: Element): void {
  for (const { name } of Array.from(shown.attributes)) {
    if (!wanted.hasAttribute(name)) {
      shown.removeAttribute(name);
    }
  }
  for (const { name, value } of Array.from(wanted.attributes)) {
    if (shown.getAttribute(name) !== value) {
      shown.setAttribute(name, value);
    }
  }
}
