/** A block of code: its language, buttons to take it along, the code as text. */
import { type TranslationBundle } from '@jupyterlab/translation';
import { addBelowIcon, copyIcon } from '@jupyterlab/ui-components';

import { actionButton } from '../action-button';
import { element } from '../dom';
import { markOpaque } from './opaque';
import { markOwn } from './own-parts';

/** Classes by which a click is told apart; see `codeAction`. */
const COPY = 'jp-mesh-Answer-codeCopy';
const INSERT = 'jp-mesh-Answer-codeInsert';

/** The element of a block of code; nothing of it ever runs by itself. */
export function codeBlock(trans: TranslationBundle, code: string, language: string): HTMLElement {
  const label = element('span', 'jp-mesh-Answer-codeLanguage', language);
  const bar = element(
    'div',
    'jp-mesh-Answer-codeBar',
    label,
    actionButton(copyIcon, trans.__('Copy this code'), COPY),
    actionButton(addBelowIcon, trans.__('Insert this code as a cell below; it is not run'), INSERT)
  );
  const text = markOpaque(element('code', '', code), `${language}\n${code}`);
  const frame = element('pre', '', text);
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute(
    'aria-label',
    language === '' ? trans.__('Code') : trans.__('Code in %1', language)
  );
  const block = element('div', 'jp-mesh-Answer-code', markOwn(bar), frame);
  block.dir = 'ltr';
  return block;
}

/** What a click on something inside a code block asks for. */
export function codeAction(
  target: EventTarget | null
): { action: 'copy' | 'insert'; button: HTMLButtonElement; code: string } | null {
  const pressed = target instanceof Element ? target.closest<HTMLButtonElement>('button') : null;
  const code = pressed?.closest('.jp-mesh-Answer-code')?.querySelector('code')?.textContent;
  if (!pressed || code === null || code === undefined) {
    return null;
  }
  const action = pressed.classList.contains(COPY) ? 'copy' : 'insert';
  return { action, button: pressed, code };
}

/** The code elements under a node, with the language each was given. */
export function codesIn(root: ParentNode): { node: HTMLElement; language: string }[] {
  return Array.from(root.querySelectorAll<HTMLElement>('.jp-mesh-Answer-code'), block => ({
    node: block.querySelector('code') as HTMLElement,
    language: block.querySelector('.jp-mesh-Answer-codeLanguage')?.textContent ?? ''
  }));
}
