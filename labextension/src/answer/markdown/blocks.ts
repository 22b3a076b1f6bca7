/** Block tokens to DOM elements, one for each block. */
import { type Token, type Tokens } from 'marked';

import { codeBlock } from './code-block';
import { element } from '../dom';
import { type IFootnote } from './footnote-syntax';
import { formula } from './formula';
import { deeper, inline, tooDeep, type IPlace } from './inline';
import { tokensIn } from './syntax';
import { type IMathToken } from './math-syntax';

/** The answer's headings stand below those of the notebook and of the page around it. */
const HEADINGS = ['h3', 'h4', 'h5', 'h6', 'h6', 'h6'] as const;

/** The element of a block, or null for a block that shows nothing. */
export function block(token: Token, place: IPlace): HTMLElement | null {
  if (tooDeep(place)) {
    return element('p', '', token.raw);
  }
  switch (token.type) {
    case 'space':
    case 'def':
    case 'checkbox':
      return null;
    case 'paragraph':
      return paragraph(token.tokens, place);
    case 'heading':
      return heading(token as Tokens.Heading, place);
    case 'code':
      return code(token as Tokens.Code, place);
    case 'blockquote':
      return anyDirection(element('blockquote', '', ...blocks(token.tokens, place)));
    case 'list':
      return list(token as Tokens.List, place);
    case 'table':
      return table(token as Tokens.Table, place);
    case 'hr':
      return element('hr');
    case 'mathBlock':
      return element(
        'div',
        'jp-mesh-Answer-formulaBlock',
        formula((token as IMathToken).tex, true)
      );
    case 'footnote':
      return footnote(token as IFootnote, place);
    case 'html':
      // HTML is not interpreted; it is shown as the code it is.
      return codeBlock(place.trans, token.raw.replace(/\n+$/, ''), 'html');
    default:
      return paragraph(tokensIn(token) ?? [token], place);
  }
}

/** Elements of a sequence of blocks. */
export function blocks(tokens: readonly Token[] | undefined, place: IPlace): HTMLElement[] {
  const inner = deeper(place);
  return (tokens ?? []).map(token => block(token, inner)).filter(made => made !== null);
}

function anyDirection<E extends HTMLElement>(node: E): E {
  node.dir = 'auto';
  return node;
}

function paragraph(tokens: Token[] | undefined, place: IPlace): HTMLElement {
  return anyDirection(element('p', '', ...inline(tokens, place)));
}

function heading({ depth, tokens }: Tokens.Heading, place: IPlace): HTMLElement {
  const name = HEADINGS[depth - 1] ?? 'h6';
  return anyDirection(element(name, `jp-mesh-Answer-heading-${depth}`, ...inline(tokens, place)));
}

function code({ text, lang }: Tokens.Code, place: IPlace): HTMLElement {
  return codeBlock(place.trans, text, /^[^\s{]*/.exec(lang ?? '')?.[0] ?? '');
}

function footnote({ label, tokens }: IFootnote, place: IPlace): HTMLElement {
  const mark = element('sup', 'jp-mesh-Answer-footnoteMark', label);
  return anyDirection(element('p', 'jp-mesh-Answer-footnote', mark, ' ', ...inline(tokens, place)));
}

function list(token: Tokens.List, place: IPlace): HTMLElement {
  const made = element(token.ordered ? 'ol' : 'ul');
  if (token.ordered && typeof token.start === 'number' && token.start !== 1) {
    (made as HTMLOListElement).start = token.start;
  }
  made.append(...token.items.map(item => listItem(item, deeper(place))));
  return made;
}

function listItem(item: Tokens.ListItem, place: IPlace): HTMLElement {
  const made = anyDirection(element('li'));
  if (item.task) {
    made.className = 'jp-mesh-Answer-task';
    made.append(checkMark(item.checked === true, place));
  }
  for (const token of item.tokens) {
    // The text of a tight item stands in the item itself, not in a paragraph.
    if (token.type === 'text') {
      made.append(...inline(token.tokens ?? [token], place));
    } else {
      made.append(...blocks([token], place));
    }
  }
  return made;
}

function checkMark(checked: boolean, { trans }: IPlace): HTMLElement {
  const mark = element(
    'span',
    checked ? 'jp-mesh-Answer-check jp-mod-checked' : 'jp-mesh-Answer-check'
  );
  mark.setAttribute('role', 'img');
  mark.setAttribute('aria-label', checked ? trans.__('Done') : trans.__('To do'));
  return mark;
}

function table({ header, rows }: Tokens.Table, place: IPlace): HTMLElement {
  const cell = (name: 'th' | 'td', { tokens, align }: Tokens.TableCell) =>
    anyDirection(
      element(name, align === null ? '' : `jp-mesh-Answer-align-${align}`, ...inline(tokens, place))
    );
  const head = element('tr', '', ...header.map(each => cell('th', each)));
  const body = rows.map(row => element('tr', '', ...row.map(each => cell('td', each))));
  const made = element('table', '', element('thead', '', head), element('tbody', '', ...body));
  const frame = element('div', 'jp-mesh-Answer-table', made);
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', place.trans.__('Table'));
  return frame;
}
