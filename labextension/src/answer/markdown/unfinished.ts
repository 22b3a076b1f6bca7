/**
 * Reading Markdown that is still being written.
 *
 * A half-written line can mean something else than the whole one: `-` under a paragraph makes it a heading until the
 * list item follows, a table is a paragraph until its second line. Showing those would make the page jump.
 */

/** Signs that start or frame a block, and nothing else. */
const ONLY_SIGNS = /^[ \t]*(?:[-=*_+`~$#>|:\\[\]!\s]+|\d{1,9}[.)]?)[ \t]*$/;

/** A link's address, of which a part would be taken for the whole. */
const DEFINITION = /^ {0,3}\[[^\]]*\]:/;

/** The part of an unfinished text that can be shown as it stands. */
export function presentable(text: string): string {
  const lineStart = text.lastIndexOf('\n') + 1;
  const line = text.slice(lineStart);
  if (isOpenFence(text)) {
    return /^[ \t]*[`~]+$/.test(line) ? text.slice(0, lineStart) : text;
  }
  const waits = ONLY_SIGNS.test(line) || DEFINITION.test(line);
  const shown = waits ? text.slice(0, lineStart) : text;
  return closeInline(withoutBareTableHead(shown));
}

/** True when the text ends inside a fenced block of code. */
export function isOpenFence(text: string): boolean {
  let fence: string | null = null;
  for (const found of text.matchAll(
    /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)$/gm
  )) {
    const [, marks, rest] = found;
    if (fence === null) {
      fence = rest.includes('`') ? null : marks;
    } else if (marks.startsWith(fence) && rest.trim() === '') {
      fence = null;
    }
  }
  return fence !== null;
}

/** The first line of a table waits for the second, which makes it one. */
function withoutBareTableHead(text: string): string {
  const lines = lastParagraph(text).split('\n');
  const head = lines.findIndex(line => /^[ \t]*\|/.test(line));
  const [, second = '', third] = lines.slice(head);
  const isDecided = third !== undefined || /[^\s|:-]/.test(second);
  if (head === -1 || isDecided) {
    return text;
  }
  return text.slice(0, text.length - lines.slice(head).join('\n').length);
}

/** Close bold text and inline code that were opened in the last paragraph; leave out half a formula or address. */
function closeInline(text: string): string {
  const last = lastParagraph(text);
  const outsideCode = last.replace(/(`+)[^`]+\1(?!`)/g, '');
  if (/(?<!`)`(?!`)[^`\n]*$/.test(outsideCode)) {
    return `${text}\``;
  }
  const formula = openFormula(last);
  if (formula !== -1 && openFormula(outsideCode) !== -1) {
    return closeInline(text.slice(0, text.length - last.length + formula));
  }
  const link = /!?\[([^\]\n]*)\]\([^)\s]*$/.exec(last);
  if (link !== null) {
    return closeInline(text.slice(0, text.length - link[0].length) + link[1]);
  }
  const bold = outsideCode.match(/\*\*(?=\S)|(?<=\S)\*\*/g)?.length ?? 0;
  return bold % 2 === 1 && !last.endsWith('*') ? `${text}**` : text;
}

/** Where a formula begins whose end has not come yet, or -1. */
function openFormula(text: string): number {
  if ((text.match(/\$\$/g)?.length ?? 0) % 2 === 1) {
    return text.lastIndexOf('$$');
  }
  const square = text.indexOf('\\[', text.lastIndexOf('\\]') + 1);
  return square === -1 ? text.indexOf('\\(', text.lastIndexOf('\\)') + 1) : square;
}

function lastParagraph(text: string): string {
  return text.slice(text.lastIndexOf('\n\n') + 1);
}
