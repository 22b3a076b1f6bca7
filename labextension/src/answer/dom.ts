/**
 * Making DOM nodes one by one.
 *
 * Everything a model wrote reaches the page through here, as the text of text nodes: no string is ever parsed as HTML.
 */

type Child = Node | string | null;

/** A new element with a class and children; strings become text nodes, null is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className !== '') {
    node.className = className;
  }
  node.append(...children.filter(child => child !== null));
  return node;
}

/**
 * Keep the keys pressed on a control from reaching JupyterLab's shortcuts: in a notebook's command mode Enter would
 * otherwise start editing the cell instead of pressing the button.
 */
export function keepKeys<E extends HTMLElement>(control: E): E {
  control.setAttribute(KEEP_KEYS, 'true');
  return control;
}

/** The one attribute that `keepKeys` sets; the allow-list knows it by this name. */
export const KEEP_KEYS = 'data-lm-suppress-shortcuts';
