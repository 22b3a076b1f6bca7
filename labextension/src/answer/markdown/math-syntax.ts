/** How formulas are written in Markdown: `$…$`, `\(…\)`, `$$…$$`, `\[…\]` and the AMS environments. */
import { type TokenizerAndRendererExtension, type Tokens } from 'marked';

export interface IMathToken extends Tokens.Generic {
  type: 'math' | 'mathBlock';
  /** The TeX between the delimiters. */
  tex: string;
  display: boolean;
}

const ENVIRONMENTS = 'equation|align|alignat|gather|multline|flalign|eqnarray|math|displaymath';

/** Formulas end within so many characters, or are none. */
const MOST = '{1,4000}?';

/** A character of TeX, or an escaped one. */
const TEX = String.raw`(?:\\[^]|[^\\])`;

const BLOCK: readonly RegExp[] = [
  new RegExp(String.raw`^ {0,3}\$\$(?<tex>${TEX}${MOST})\$\$[ \t]*(?:\n+|$)`),
  new RegExp(String.raw`^ {0,3}\\\[(?<tex>[^]${MOST})\\\][ \t]*(?:\n+|$)`),
  new RegExp(
    String.raw`^ {0,3}(?<tex>\\begin\{(?<name>(?:${ENVIRONMENTS})\*?)\}[^]${MOST}\\end\{\k<name>\})[ \t]*(?:\n+|$)`
  )
];

/** What stands in a line never runs over a blank line. */
const IN_LINE = String.raw`(?:\\[^\n]|[^\\\n]|\n(?![ \t]*\n))`;

const DISPLAY: readonly RegExp[] = [
  new RegExp(String.raw`^\$\$(?<tex>${IN_LINE}${MOST})\$\$`),
  new RegExp(String.raw`^\\\[(?<tex>${IN_LINE}${MOST})\\\]`)
];

/**
 * A single dollar opens a formula only before a non-space and closes it only after a non-space and not before a
 * digit, so that "$5 and $10" stays money.
 */
const INLINE: readonly RegExp[] = [
  /^\$(?![\s$])(?<tex>(?:\\[^\n]|[^\\\n$]|\n(?![ \t]*\n)){0,4000}?(?:\\[^\s]|[^\\\s$]))\$(?![\d$])/,
  new RegExp(String.raw`^\\\((?<tex>${IN_LINE}${MOST})\\\)`)
];

function firstMatch(
  rules: readonly RegExp[],
  source: string,
  type: IMathToken['type'],
  display: boolean
) {
  for (const rule of rules) {
    const match = rule.exec(source);
    const tex = match?.groups?.tex.trim();
    if (match !== null && tex) {
      return { type, raw: match[0], tex, display } satisfies IMathToken;
    }
  }
  return undefined;
}

/** Where the line of a displayed formula begins, so that the paragraph before it ends there. */
function startOfBlock(source: string): number | undefined {
  const start = source.search(/\n {0,3}(?:\$\$|\\\[|\\begin\{)/) + 1;
  const isFormula = start > 0 && BLOCK.some(rule => rule.test(source.slice(start)));
  return isFormula ? start : undefined;
}

function startInLine(source: string): number | undefined {
  // Text ends at a backslash anyway.
  const dollar = source.indexOf('$');
  return dollar === -1 ? undefined : dollar;
}

export const mathSyntax: TokenizerAndRendererExtension[] = [
  {
    name: 'mathBlock',
    level: 'block',
    start: startOfBlock,
    tokenizer: source => firstMatch(BLOCK, source, 'mathBlock', true)
  },
  {
    name: 'math',
    level: 'inline',
    start: startInLine,
    tokenizer: source =>
      firstMatch(DISPLAY, source, 'math', true) ?? firstMatch(INLINE, source, 'math', false)
  }
];
