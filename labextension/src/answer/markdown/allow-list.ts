/**
 * The last look at what was made of a model's text, before it is shown.
 *
 * The nodes are made one by one from tokens, so nothing unexpected should ever be among them. Should a fault elsewhere
 * let something through, it becomes text here.
 */
import { KEEP_KEYS } from '../dom';
import { linkTarget } from './links';
import { isOwn } from './own-parts';

const ELEMENTS = new Set(
  (
    'P H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE SPAN DIV TABLE THEAD TBODY TR TH TD ' +
    'STRONG EM DEL SUB SUP KBD MARK U S BR HR A'
  ).split(' ')
);

/** Attributes and the values they may have. */
const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  class: /^[\w\s\u0370-\u1fff-]*$/,
  dir: /^(?:auto|ltr)$/,
  role: /^(?:img|region)$/,
  'aria-label': /^/,
  tabindex: /^0$/,
  start: /^\d{1,9}$/,
  target: /^_blank$/,
  rel: /^noopener noreferrer$/,
  [KEEP_KEYS]: /^true$/
};

function isAllowed({ name, value }: Attr, owner: Element): boolean {
  if (name === 'href') {
    return owner.tagName === 'A' && linkTarget(value) !== null && owner.hasAttribute('rel');
  }
  return ATTRIBUTES[name]?.test(value) ?? false;
}

/**
 * Reduce the descendants of a node to what is allowed.
 *
 * @returns What was found and removed: element and attribute names. Empty unless something is at fault.
 */
export function reduce(root: Element): string[] {
  const found: string[] = [];
  for (const node of Array.from(root.querySelectorAll('*'))) {
    if (isOwn(node) || isInOwn(node, root)) {
      continue;
    }
    if (!ELEMENTS.has(node.tagName)) {
      found.push(node.tagName);
      node.replaceWith(node.textContent ?? '');
      continue;
    }
    for (const attribute of Array.from(node.attributes)) {
      if (!isAllowed(attribute, node)) {
        found.push(`${node.tagName}[${attribute.name}]`);
        node.removeAttributeNode(attribute);
      }
    }
  }
  return found;
}

function isInOwn(node: Element, root: Element): boolean {
  for (let at = node.parentElement; at !== null && at !== root; at = at.parentElement) {
    if (isOwn(at)) {
      return true;
    }
  }
  return false;
}
