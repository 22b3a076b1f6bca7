/** The MODEL word on the first line of a `%%llm` or `%%rag` cell. */
import { type IWord, wordsOf } from '../cells/first-line';

/** Blank lines may stand before the magic. */
const FIRST_LINE = /^(?:[ \t]*\n)*[^\n]*/;

/**
 * The cell's source with another model on its first line.
 *
 * @returns Null where the cell asks no single model: another magic, no index yet, or `--compare`.
 */
export function withModel(source: string, model: string): string | null {
  const line = FIRST_LINE.exec(source)?.[0] ?? '';
  const words = wordsOf(line);
  if (words.length === 0 || words.some(({ text }) => text === '--compare')) {
    return null;
  }
  const named = words.find(({ kind }) => kind === 'model');
  if (named) {
    return source.slice(0, named.from) + model + source.slice(named.to);
  }
  const place = placeOf(words);
  return place === null ? null : `${source.slice(0, place)} ${model}${source.slice(place)}`;
}

/** Where a model goes that has not been named: behind the magic, or behind the index of `%%rag`. */
function placeOf(words: readonly IWord[]): number | null {
  const [magic] = words;
  const last = magic.text.endsWith('rag') ? words.find(({ kind }) => kind === 'positional') : magic;
  return last?.to ?? null;
}
