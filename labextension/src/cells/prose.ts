/** Which parts of a prompt are headings, lists, code, variables: Markdown as far as it helps reading. */

export type MarkKind =
  'heading' | 'quote' | 'bullet' | 'strong' | 'emphasis' | 'code' | 'fence' | 'link' | 'variable';

export interface IMark {
  kind: MarkKind;
  from: number;
  to: number;
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const LINE_MARKS: readonly (readonly [MarkKind, RegExp])[] = [
  ['heading', /^ {0,3}#{1,6} .*$/],
  ['quote', /^ {0,3}>/],
  ['bullet', /^\s*(?:[-*+]|\d{1,9}[.)])(?= )/]
];
const INLINE_MARKS: readonly (readonly [MarkKind, RegExp])[] = [
  ['code', /(`+)(?!`)[^\n]*?[^`]\1(?!`)/g],
  ['strong', /(\*\*|__)(?=\S)[^\n]*?\S\1/g],
  ['emphasis', /(?<![\w*_])([*_])(?![\s*_])[^*_\n]*[^\s*_]\1(?![\w*_])/g],
  ['link', /https?:\/\/[^\s<>()]+/g]
];
/** The first `}}` ends it; braces inside (a dict, a set) belong to the expression as long as they are single. */
const VARIABLE = /\{\{(?:(?!\}\}).)*\}{2,}/g;

/** Marks line by line; a fence stays open over lines until one of its own kind closes it. */
export class ProseReader {
  /** The marks of the next line, from left to right. */
  read(line: string): IMark[] {
    const fence = FENCE.exec(line)?.[1];
    const variables = all('variable', VARIABLE, line);
    if (this._open !== null || fence !== undefined) {
      this.turn(fence, line);
      return [{ kind: 'fence', from: 0, to: line.length } as const, ...variables].filter(notEmpty);
    }
    const whole = LINE_MARKS.flatMap(([kind, pattern]) => all(kind, pattern, line));
    const inline = INLINE_MARKS.flatMap(([kind, pattern]) => all(kind, pattern, line));
    const code = inline.filter(mark => mark.kind === 'code');
    // Stars inside code are code.
    const kept = inline.filter(mark => mark.kind === 'code' || !code.some(c => overlaps(c, mark)));
    return [...whole, ...kept, ...variables].sort((a, b) => a.from - b.from || b.to - a.to);
  }

  private turn(fence: string | undefined, line: string): void {
    if (this._open === null) {
      this._open = fence ?? null;
    } else if (
      fence !== undefined &&
      fence[0] === this._open[0] &&
      fence.length >= this._open.length &&
      line.trim() === fence
    ) {
      this._open = null;
    }
  }

  private _open: string | null = null;
}

function all(kind: MarkKind, pattern: RegExp, line: string): IMark[] {
  const global = pattern.global ? pattern : new RegExp(pattern, `${pattern.flags}g`);
  return [...line.matchAll(global)].map(match => ({
    kind,
    from: match.index,
    to: match.index + match[0].length
  }));
}

function overlaps(a: IMark, b: IMark): boolean {
  return a.from < b.to && b.from < a.to;
}

function notEmpty({ from, to }: IMark): boolean {
  return to > from;
}
