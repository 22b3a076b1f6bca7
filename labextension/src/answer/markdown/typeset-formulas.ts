/** Typesetting formulas with JupyterLab's typesetter, and checking what it made of them. */
import { type ILatexTypesetter } from '@jupyterlab/rendermime';
import { type TranslationBundle } from '@jupyterlab/translation';

import { element } from '../dom';
import { formulasIn } from './formula';
import { refusedCommand } from './safe-tex';

/** MathML as formulas need it: nothing that links, loads or reacts. */
const MATHML = new Set(
  (
    'math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover ' +
    'munderover mmultiscripts mprescripts none mtable mtr mlabeledtr mtd mstyle mpadded mphantom menclose merror'
  ).split(' ')
);
/** What typesetters other than MathJax draw with. */
const DRAWING = new Set(['div', 'span', 'svg', 'g', 'path', 'rect', 'line', 'defs']);

const REFUSED_ATTRIBUTE = /^(?:on.*|.*href|src|id|name|data-.*|action.*|target|ping|tabindex)$/i;
const ALLOWED_STYLE =
  /^(?:(?:min-|max-)?(?:width|height)|margin.*|padding.*|border.*|vertical-align|top|left|bottom|right|font-size|color|background-color|text-align|letter-spacing|line-height|display|transform|visibility)$/;

export class Formulas {
  constructor(
    private readonly typesetter: ILatexTypesetter,
    private readonly trans: TranslationBundle
  ) {}

  /**
   * Typeset the formulas under a node, each one once.
   *
   * @param bench Where they are put meanwhile: on the page, in the same type. All of them are typeset together, since a
   * typesetter measures the page each time.
   */
  async typeset(root: ParentNode, bench: Element): Promise<void> {
    const waiting = formulasIn(root).filter(node => !this.seen.has(node));
    waiting.forEach(node => this.seen.add(node));
    const formulas = waiting.filter(node => !this.isRefused(node));
    if (formulas.length === 0) {
      return;
    }
    const copies = formulas.map(node => element('div', '', node.textContent ?? ''));
    const place = element('div', 'jp-mesh-Answer-bench', ...copies);
    place.setAttribute('aria-hidden', 'true');
    bench.append(place);
    try {
      await this.typesetter.typeset(place);
    } catch {
      // The source stays.
    }
    reduceTypeset(place);
    place.remove();
    formulas.forEach((node, index) => putInPlace(node, copies[index]));
  }

  /** A formula that asks for more than drawing stays as its source, and says why. */
  private isRefused(node: HTMLElement): boolean {
    const refused = refusedCommand((node.textContent ?? '').slice(2, -2));
    if (refused !== null) {
      node.classList.add('jp-mod-refused');
      node.title = this.trans.__('Shown as its source: it uses %1', refused);
    }
    return refused !== null;
  }

  private readonly seen = new WeakSet<HTMLElement>();
}

function putInPlace(node: HTMLElement, typeset: HTMLElement): void {
  if (typeset.childElementCount > 0) {
    node.replaceChildren(...Array.from(typeset.childNodes));
    node.classList.add('jp-mod-typeset');
  }
}

/** Reduce what a typesetter made to elements and attributes that only draw. */
export function reduceTypeset(root: HTMLElement): void {
  for (const node of Array.from(root.querySelectorAll('*'))) {
    const name = node.localName;
    if (!MATHML.has(name) && !DRAWING.has(name) && !name.startsWith('mjx-')) {
      node.replaceWith(node.textContent ?? '');
      continue;
    }
    for (const attribute of Array.from(node.attributes)) {
      if (REFUSED_ATTRIBUTE.test(attribute.name)) {
        node.removeAttributeNode(attribute);
      }
    }
    reduceStyle((node as HTMLElement).style);
  }
}

function reduceStyle(style: CSSStyleDeclaration | undefined): void {
  for (const property of Array.from(style ?? [])) {
    const value = style?.getPropertyValue(property) ?? '';
    if (!ALLOWED_STYLE.test(property) || /url|image|var|attr|expression/i.test(value)) {
      style?.removeProperty(property);
    }
  }
}
