/** Footnotes: `[^1]` in the text, `[^1]: …` for the note. They become numbers and a list, without links between them. */
import {
  type TokenizerAndRendererExtension,
  type TokenizerThis,
  type Token,
  type Tokens
} from 'marked';

export interface IFootnoteMark extends Tokens.Generic {
  type: 'footnoteMark';
  label: string;
}

export interface IFootnote extends Tokens.Generic {
  type: 'footnote';
  label: string;
  tokens: Token[];
}

const NOTE =
  /^ {0,3}\[\^(?<label>[^\s\]]{1,40})\]:[ \t]*(?<text>[^\n]*(?:\n(?!\s*\n|\s*\[\^|\s*$)[^\n]+)*)(?:\n+|$)/;
const MARK = /^\[\^(?<label>[^\s\]]{1,40})\](?!:)/;

export const footnoteSyntax: TokenizerAndRendererExtension[] = [
  {
    name: 'footnote',
    level: 'block',
    start: startOfNote,
    tokenizer(this: TokenizerThis, source): IFootnote | undefined {
      const found = NOTE.exec(source);
      if (found?.groups === undefined) {
        return undefined;
      }
      const { label, text } = found.groups;
      const tokens: Token[] = [];
      this.lexer.inline(text.replace(/\n[ \t]+/g, '\n'), tokens);
      return { type: 'footnote', raw: found[0], label, tokens };
    }
  },
  {
    name: 'footnoteMark',
    level: 'inline',
    // Text ends at a bracket anyway.
    tokenizer(source): IFootnoteMark | undefined {
      const found = MARK.exec(source);
      return found?.groups === undefined
        ? undefined
        : { type: 'footnoteMark', raw: found[0], label: found.groups.label };
    }
  }
];

function startOfNote(source: string): number | undefined {
  const lineEnd = source.search(/\n {0,3}\[\^/);
  return lineEnd === -1 ? undefined : lineEnd + 1;
}
