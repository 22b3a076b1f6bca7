/** The words of a magic's line: `%%llm fast -t 0 --system "Be brief"`. */
import { findOption, type IOption } from './options';

export type WordKind = 'magic' | 'model' | 'option' | 'unknown' | 'value' | 'positional';

export interface IWord {
  kind: WordKind;
  text: string;
  from: number;
  to: number;
  /** For a value: the option it belongs to. */
  option?: IOption;
}

/** A word may be quoted in part; a quote that is not closed runs to the end, as it does while typing. */
const WORD = /(?:"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$)|[^\s"'])+/g;
const CELL_MAGIC = /^\s*%%(llm|rag)(?=\s|$)/;

/** Which cell magic a line begins with. */
export function cellMagicOf(line: string): 'llm' | 'rag' | null {
  return (CELL_MAGIC.exec(line)?.[1] as 'llm' | 'rag' | undefined) ?? null;
}

/** What each word of the line is; empty when it is no `%%llm` or `%%rag` line. */
export function wordsOf(line: string): IWord[] {
  const magic = cellMagicOf(line);
  if (magic === null) {
    return [];
  }
  const words: IWord[] = [];
  let awaiting: IOption | null = null;
  let positionals = 0;
  for (const match of line.matchAll(WORD)) {
    const text = match[0];
    const span = { text, from: match.index, to: match.index + text.length };
    if (words.length === 0) {
      words.push({ ...span, kind: 'magic' });
    } else if (awaiting !== null) {
      words.push({ ...span, kind: 'value', option: awaiting });
      awaiting = null;
    } else if (text.startsWith('-') && text.length > 1) {
      const parts = optionWords(magic, span);
      words.push(...parts);
      const last = parts.at(-1);
      const option = last?.kind === 'option' ? findOption(magic, last.text) : undefined;
      awaiting = option && option.value !== 'none' ? option : null;
    } else {
      // `%%rag INDEX [MODEL]`, `%%llm [MODEL]`
      const isModel = positionals === (magic === 'rag' ? 1 : 0);
      words.push({ ...span, kind: isModel ? 'model' : 'positional' });
      positionals += 1;
    }
  }
  return words;
}

/** `--name`, or `--name=value` as two words. */
function optionWords(
  magic: 'llm' | 'rag',
  { text, from, to }: { text: string; from: number; to: number }
): IWord[] {
  const equals = text.startsWith('--') ? text.indexOf('=') : -1;
  const name = equals < 0 ? text : text.slice(0, equals);
  const option = findOption(magic, name);
  const head: IWord = {
    kind: option ? 'option' : 'unknown',
    text: name,
    from,
    to: from + name.length
  };
  if (equals < 0 || !option) {
    return [head];
  }
  const value: IWord = {
    kind: 'value',
    text: text.slice(equals + 1),
    from: from + equals + 1,
    to,
    option
  };
  return [head, value];
}
