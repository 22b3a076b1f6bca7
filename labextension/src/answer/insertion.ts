/**
 * Which cell an answer becomes when it is inserted into the notebook.
 *
 * JupyterLab renders Markdown cells, and its sanitiser lets pictures load from elsewhere. So only Markdown without HTML
 * and images becomes a Markdown cell; the rest becomes a raw cell, which is shown as it stands.
 */
import { type Token } from 'marked';

import { type CellKind } from './answer-host';
import { type AnswerFormat } from './bundle';
import { decode } from './markdown/character-references';
import { linkTarget } from './markdown/links';
import { blocksOf, noLinks, normalize, tokensIn } from './markdown/syntax';
import { refusedCommand } from './markdown/safe-tex';

export function insertion(format: AnswerFormat, text: string): { kind: CellKind; source: string } {
  if (format === 'code' || format === 'json') {
    return { kind: 'code', source: unfenced(text) };
  }
  if (format === 'text') {
    return { kind: 'raw', source: text };
  }
  return { kind: isInert(text) ? 'markdown' : 'raw', source: text };
}

/** The code in a text that is one fenced block, else the text. */
export function unfenced(text: string): string {
  return /^\s*(`{3,}|~{3,})[^\n]*\n([^]*?)\n?\1\s*$/.exec(text)?.[2] ?? text;
}

/** True when a Markdown text can be rendered by anybody without loading or running anything. */
export function isInert(text: string): boolean {
  try {
    return blocksOf(normalize(text), noLinks()).every(isInertToken);
  } catch {
    return false;
  }
}

function isInertToken(token: Token): boolean {
  if (token.type === 'code' && token.raw.trimStart().startsWith('```')) {
    return !/^\s*`+\s*mermaid/.test(token.raw);
  }
  // Other Markdown readers may see a tag or an image where ours does not.
  if (/<[a-z!/?]|!\[/i.test(token.raw.replace(/<(?=https?:)/g, ''))) {
    return hasOnlyInertParts(token);
  }
  return childrenOf(token).every(isInertToken) && isInertLeaf(token);
}

/** A block may hold such signs only inside fenced code of its own. */
function hasOnlyInertParts(token: Token): boolean {
  const children = childrenOf(token);
  const isContainer =
    token.type === 'list' || token.type === 'list_item' || token.type === 'blockquote';
  return isContainer && children.length > 0 && children.every(isInertToken);
}

function isInertLeaf(token: Token): boolean {
  switch (token.type) {
    case 'link':
      return (
        /^mailto:/i.test(String(token.href)) || linkTarget(decode(String(token.href))) !== null
      );
    case 'math':
    case 'mathBlock':
      return refusedCommand(String(token.tex)) === null;
    default:
      return true;
  }
}

function childrenOf(token: Token): readonly Token[] {
  if (token.type === 'list') {
    return token.items as Token[];
  }
  if (token.type === 'table') {
    const { header, rows } = token as unknown as { header: Cell[]; rows: Cell[][] };
    return [...header, ...rows.flat()].flatMap(cell => cell.tokens);
  }
  return tokensIn(token) ?? [];
}

interface Cell {
  tokens: Token[];
}
