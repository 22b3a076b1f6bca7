/** What Tab may complete at a place in a cell: models, options, subcommands, variables in `{{…}}`. */
import { cellMagicOf, type IWord, wordsOf } from './first-line';
import { findOption, FORMATS, type IOption, OPTIONS, SUBCOMMANDS } from './options';

/** Text from `from` to the cursor is to be replaced by one of the named kind. Offsets are UTF-16. */
export type Completion =
  | { kind: 'model'; from: number; prefix: string }
  | { kind: 'option'; from: number; prefix: string; options: readonly IOption[] }
  | { kind: 'word'; from: number; prefix: string; words: readonly string[] }
  | { kind: 'variable'; from: number; prefix: string; expression: string };

const LINE_MAGIC = /^[ \t]*(?:[\w, ()[\].]+=[ \t]*)?%(llm|rag)[ \t]+(?:(\S+)[ \t]+)?(\S*)$/;
const NAME_AT_END = /[\p{L}\p{N}_]*$/u;

/** What can be completed at `offset`, or null. */
export function completionAt(source: string, offset: number): Completion | null {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.slice(lineStart);
  const magic = cellMagicOf(source.slice(0, endOfLine(source, 0)));
  if (magic === null) {
    return inLineMagic(line, lineStart);
  }
  return lineStart === 0 ? inFirstLine(magic, line) : inPrompt(before);
}

function inFirstLine(magic: 'llm' | 'rag', line: string): Completion | null {
  const words = wordsOf(line);
  const last = words.at(-1);
  const started = last?.to === line.length ? last : undefined;
  const finished = started ? words.slice(0, -1) : words;
  const prefix = started?.text ?? '';
  const from = line.length - prefix.length;
  const option = started?.option ?? awaitingOption(magic, finished.at(-1));
  if (option) {
    return inValue(option, prefix, from);
  }
  if (prefix.startsWith('-')) {
    const options = OPTIONS.filter(candidate => candidate.magics.includes(magic));
    return { kind: 'option', from, prefix, options };
  }
  const positionals = finished.filter(({ kind }) => kind === 'model' || kind === 'positional');
  const isModel = finished.length > 0 && positionals.length === (magic === 'rag' ? 1 : 0);
  return isModel ? { kind: 'model', from, prefix } : null;
}

/** The option whose value comes next, if the word is one that takes a value. */
function awaitingOption(magic: 'llm' | 'rag', word: IWord | undefined): IOption | undefined {
  const option = word?.kind === 'option' ? findOption(magic, word.text) : undefined;
  return option?.value === 'none' ? undefined : option;
}

function inValue(option: IOption, prefix: string, from: number): Completion | null {
  switch (option.value) {
    case 'model':
      return { kind: 'model', from, prefix };
    case 'models': {
      const comma = prefix.lastIndexOf(',') + 1;
      return { kind: 'model', from: from + comma, prefix: prefix.slice(comma) };
    }
    case 'format':
      return { kind: 'word', from, prefix, words: FORMATS };
    case 'name':
      return /["'/\\]/.test(prefix) ? null : { kind: 'variable', from, prefix, expression: prefix };
    case 'none':
    case 'text':
      return null;
  }
}

/** Inside `{{…}}` of the prompt: what stands before the cursor is Python. */
function inPrompt(before: string): Completion | null {
  const open = before.lastIndexOf('{{');
  if (open < 0 || before.slice(open).includes('}}') || before.slice(open).includes('\n')) {
    return null;
  }
  const expression = before.slice(open + 2).trimStart();
  const prefix = NAME_AT_END.exec(expression)?.[0] ?? '';
  return { kind: 'variable', from: before.length - prefix.length, prefix, expression };
}

function inLineMagic(line: string, lineStart: number): Completion | null {
  const match = LINE_MAGIC.exec(line);
  if (match === null) {
    return null;
  }
  const [, magic = '', command, prefix = ''] = match;
  const from = lineStart + line.length - prefix.length;
  const commands = SUBCOMMANDS[magic as 'llm' | 'rag'];
  if (command === undefined) {
    return { kind: 'word', from, prefix, words: commands.map(({ name }) => name) };
  }
  const takesModel = commands.some(({ name, model }) => name === command && model === true);
  return takesModel ? { kind: 'model', from, prefix } : null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
