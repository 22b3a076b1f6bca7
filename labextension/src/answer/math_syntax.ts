/** How formulas are written in Markdown: `$…$`, `\(…\)`, `$$…$$`, `\[…\]` and the AMS environments. */
import { type TokenizerAndRendererExtension, type Tokens } from 'marked';

export interface IMathToken extends Tokens.Generic {
  type: 'math' | 'mathBlock';
  /** The TeX between the delimiters. */
  tex: string;
  display: boolean;
}

const ENVIRONMENTS = 'equation|align|alignat|gather|multline|flalign|eqnarray|math|displaymath';

/** A character of TeX, or an escaped one. */
const TEX = String.raw`(?:\\[^]|[^\\])`;

const BLOCK: readonly RegExp[] = [
  new RegExp(String.raw`^ {0,3}\$\$(?<tex>${TEX}+?)\$\$[ \t]*(?:\n+|$)`),
  new RegExp(String.raw`^ {0,3}\\\[(?<tex>[^]+?)\\\][ \t]*(?:\n+|$)`),
  new RegExp(
    String.raw`^ {0,3}(?<tex>\\begin\{(?<name>(?:${ENVIRONMENTS})\*?)\}[^]+?\\end\{\k<name>\})[ \t]*(?:\n+|$)`
  )
];

/** What stands in a line never runs over a blank line. */
const IN_LINE = String.raw`(?:\\[^\n]|[^\\\n]|\n(?![ \t]*\n))`;

const DISPLAY: readonly RegExp[] = [
  new RegExp(String.raw`^\$\$(?<tex>${IN_LINE}+?)\$\$`),
  new RegExp(String.raw`^\\\[(?<tex>${IN_LINE}+?)\\\]`)
];

/**
 * A single dollar opens a formula only before a non-space and closes it only after a non-space and not before a
 * digit, so that "$5 and $10" stays money.
 */
const INLINE: readonly RegExp[] = [
  /^\$(?![\s$])(?<tex>(?:\\[^\n]|[^\\\n$]|\n(?![ \t]*\n))*?(?:\\[^\s]|[^\\\s$]))\$(?![\d$])/,
  new RegExp(String.raw`^\\\((?<tex>${IN_LINE}+?)\\\)`)
];

function match(rules: readonly RegExp[], source: string, type: IMathToken['type'], display: boolean) {
  for (const rule of rules) {
    const found = rule.exec(source);
    const tex = found?.groups?.tex.trim();
    if (found !== null && tex) {
      return { type, raw: found[0], tex, display } satisfies IMathToken;
    }
  }
  return undefined;
}

/** Where a formula may begin, so that the text before it ends there. */
function start(source: string): number | undefined {
  const at = source.search(/\$|\\\(|\\\[/);
  return at === -1 ? undefined : at;
}

function startOfBlock(source: string): number | undefined {
  const at = source.search(/(?:^|\n) {0,3}(?:\$\$|\\\[|\\begin\{)/);
  return at === -1 ? undefined : at;
}

export const mathSyntax: TokenizerAndRendererExtension[] = [
  {
    name: 'mathBlock',
    level: 'block',
    start: startOfBlock,
    tokenizer: source => match(BLOCK, source, 'mathBlock', true)
  },
  {
    name: 'math',
    level: 'inline',
    start,
    tokenizer: source =>
      match(DISPLAY, source, 'math', true) ?? match(INLINE, source, 'math', false)
  }
];
