/** The element of a formula, showing its TeX until it is typeset. */
import { element } from '../dom';
import { markOpaque } from './opaque';

/** A formula that `typeset-formulas` may typeset once it is on the page. */
export function formula(tex: string, display: boolean): HTMLElement {
  const shown = display ? `\\[${tex}\\]` : `\\(${tex}\\)`;
  const node = element(
    'span',
    display ? 'jp-mesh-Answer-formula jp-mod-display' : 'jp-mesh-Answer-formula',
    shown
  );
  node.dir = 'ltr';
  return markOpaque(node, shown);
}

/** All formulas under a node. */
export function formulasIn(root: ParentNode): HTMLElement[] {
  return Array.from(root.querySelectorAll<HTMLElement>('.jp-mesh-Answer-formula'));
}
