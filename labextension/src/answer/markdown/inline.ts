/** Tokens inside a block to DOM nodes. */
import { type Token, type Tokens } from 'marked';

import { decode } from './character-references';
import { element } from '../dom';
import { type IFootnoteMark } from './footnote-syntax';
import { linkNodes, linkTarget, refusedAddress } from './links';
import { formula } from './formula';
import { tokensIn } from './syntax';
import { type IMathToken } from './math-syntax';
import { type TranslationBundle } from '@jupyterlab/translation';

/** Where building stands: how deep, and whether inside a link (which holds no second one). */
export interface IPlace {
  readonly trans: TranslationBundle;
  readonly depth: number;
  readonly inLink?: boolean;
}

/** Markdown nested deeper than this is shown as its source. */
const DEEPEST = 24;

/** The few tags without attributes that Markdown has no sign for and that mean nothing but themselves. */
const PLAIN_TAGS = ['sub', 'sup', 'kbd', 'mark', 'u', 's'] as const;
type PlainTag = (typeof PLAIN_TAGS)[number];

/** Nodes for a sequence of inline tokens. */
export function inline(tokens: readonly Token[] | undefined, place: IPlace): Node[] {
  const nodes: Node[] = [];
  const list = tokens ?? [];
  for (let at = 0; at < list.length; at += 1) {
    const tag = openedTag(list[at]);
    const end = tag === null ? -1 : list.findIndex((token, i) => i > at && closes(token, tag));
    if (tag !== null && end !== -1) {
      nodes.push(element(tag, '', ...inline(list.slice(at + 1, end), deeper(place))));
      at = end;
    } else {
      nodes.push(...inlineNodes(list[at], place));
    }
  }
  return nodes;
}

/** One level further in. */
export function deeper(place: IPlace): IPlace {
  return { ...place, depth: place.depth + 1 };
}

export function tooDeep(place: IPlace): boolean {
  return place.depth > DEEPEST;
}

function openedTag(token: Token): PlainTag | null {
  const name = token.type === 'html' ? /^<([a-z]+)>$/i.exec(token.raw)?.[1].toLowerCase() : null;
  return PLAIN_TAGS.find(tag => tag === name) ?? null;
}

function closes(token: Token, tag: PlainTag): boolean {
  return token.type === 'html' && token.raw.toLowerCase() === `</${tag}>`;
}

function inlineNodes(token: Token, place: IPlace): Node[] {
  if (tooDeep(place)) {
    return [document.createTextNode(token.raw)];
  }
  const within = () => inline(tokensIn(token), deeper(place));
  switch (token.type) {
    case 'strong':
      return [element('strong', '', ...within())];
    case 'em':
      return [element('em', '', ...within())];
    case 'del':
      return [element('del', '', ...within())];
    case 'codespan':
      return [element('code', 'jp-mesh-Answer-codeSpan', (token as Tokens.Codespan).text)];
    case 'br':
      return [element('br')];
    case 'link':
      return link(token as Tokens.Link, place);
    case 'image':
      return image(token as Tokens.Image, place);
    case 'math':
      return [formula((token as IMathToken).tex, (token as IMathToken).display)];
    case 'footnoteMark':
      return [element('sup', 'jp-mesh-Answer-footnoteMark', (token as IFootnoteMark).label)];
    case 'html':
      return /^<br\s*\/?>$/i.test(token.raw) ? [element('br')] : [text(token.raw)];
    case 'escape':
      return [text((token as Tokens.Escape).text)];
    case 'checkbox':
      return [];
    default:
      // Text, and whatever a later lexer may invent: its source, as text.
      return tokensIn(token) === undefined ? [text(decode(token.raw))] : within();
  }
}

function text(content: string): Text {
  return document.createTextNode(content);
}

function link(token: Tokens.Link, place: IPlace): Node[] {
  if (token.autolink === true) {
    return place.inLink ? [text(token.text)] : linkNodes(token.href, [text(token.text)]);
  }
  const label = inline(token.tokens, { ...deeper(place), inLink: true });
  return place.inLink ? label : linkNodes(decode(token.href), label);
}

/** An image is never loaded: its description and the address it would have come from. */
function image(token: Tokens.Image, place: IPlace): Node[] {
  const { trans } = place;
  const description = decode(token.text).trim();
  const address = decode(token.href);
  const label =
    description === ''
      ? trans.__('Image, not loaded')
      : trans.__('Image, not loaded: %1', description);
  const placeholder = element('span', 'jp-mesh-Answer-image', label);
  if (linkTarget(address) === null) {
    placeholder.append(refusedAddress(address));
  } else if (!place.inLink) {
    placeholder.append(' ', ...linkNodes(address, [text(trans.__('open'))]));
  }
  return [placeholder];
}
