/** Markdown to tokens, the first half of showing it; `markdown_blocks` makes DOM of them. */
import { Lexer, Marked, type Links, type Token } from 'marked';

import { footnoteSyntax } from './footnote_syntax';
import { mathSyntax } from './math_syntax';

const { defaults } = new Marked({ gfm: true, extensions: [...mathSyntax, ...footnoteSyntax] });

/** Line ends as the lexer wants them, so that its tokens add up to the source. */
export function normalize(source: string): string {
  return source.replace(/\r\n?/g, '\n');
}

/**
 * The top-level blocks of a Markdown text.
 *
 * @param source Normalized text.
 * @param links Link definitions known so far; those of this text are added to it.
 */
export function blocksOf(source: string, links: Links): Token[] {
  const lexer = new Lexer({ ...defaults });
  lexer.tokens.links = links;
  return lexer.lex(source);
}

/** An empty collection of link definitions. */
export function noLinks(): Links {
  return Object.create(null) as Links;
}
