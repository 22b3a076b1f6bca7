/** Markdown to tokens, the first half of showing it; `blocks` makes DOM of them. */
import { Lexer, Marked, type Links, type Token } from 'marked';

import { footnoteSyntax } from './footnote-syntax';
import { mathSyntax } from './math-syntax';

/**
 * Longer runs of text get no emphasis: looking for its ends takes more than quadratic time, and a model that repeats
 * itself could stop the page.
 */
const LONGEST_EMPHASIZED = 6_000;

const { defaults } = new Marked({
  gfm: true,
  extensions: [...mathSyntax, ...footnoteSyntax],
  tokenizer: {
    // `false` leaves it to the usual tokenizer, `undefined` finds nothing.
    emStrong: (_source, run) => (run.length > LONGEST_EMPHASIZED ? undefined : false)
  }
});

/** No paragraph in earnest is longer; the time to read one grows with the square of its length. */
const LONGEST_RUN = 20_000;

class BoundedLexer extends Lexer {
  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (source.length > LONGEST_RUN) {
      tokens.push({ type: 'text', raw: source, text: source });
      return tokens;
    }
    return super.inlineTokens(source, tokens);
  }
}

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
  const lexer = new BoundedLexer({ ...defaults });
  lexer.tokens.links = links;
  return lexer.lex(source);
}

/** An empty collection of link definitions. */
export function noLinks(): Links {
  return Object.create(null) as Links;
}

/** The tokens inside a token, if it is of a kind that has any. */
export function tokensIn(token: Token): Token[] | undefined {
  return 'tokens' in token ? token.tokens : undefined;
}
