/** Buttons of an answer. */
import { checkIcon, type LabIcon } from '@jupyterlab/ui-components';

import { element, keepKeys } from './dom';

/** An icon button with its name for tooltip and screen reader. */
export function actionButton(icon: LabIcon, label: string, className = ''): HTMLButtonElement {
  const button = keepKeys(element('button', `jp-mesh-IconButton ${className}`.trim()));
  button.type = 'button';
  button.append(icon.element({ tag: 'span' }));
  name(button, label);
  // A click with the mouse leaves the focus in the notebook, so that its keys go on working.
  button.addEventListener('mousedown', event => event.preventDefault());
  return button;
}

function name(button: HTMLButtonElement, label: string): void {
  button.title = label;
  button.setAttribute('aria-label', label);
}

/** Let a button be pressed, or say why it cannot be; it stays reachable, so that the reason can be read. */
export function setRefusal(button: HTMLButtonElement, label: string, refusal: string | null): void {
  name(button, refusal === null ? label : `${label} (${refusal})`);
  button.setAttribute('aria-disabled', String(refusal !== null));
}

/** True when pressing the button should do something. */
export function isEnabled(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-disabled') !== 'true';
}

const acknowledged = new WeakSet<HTMLButtonElement>();

/** Show for a moment that what the button does was done. */
export function acknowledge(button: HTMLButtonElement, said: string): void {
  if (acknowledged.has(button)) {
    return;
  }
  acknowledged.add(button);
  const before = Array.from(button.childNodes);
  const label = button.getAttribute('aria-label') ?? '';
  button.replaceChildren(checkIcon.element({ tag: 'span' }));
  button.classList.add('jp-mod-acknowledged');
  name(button, said);
  setTimeout(() => {
    button.replaceChildren(...before);
    button.classList.remove('jp-mod-acknowledged');
    name(button, label);
    acknowledged.delete(button);
  }, 1600);
}
