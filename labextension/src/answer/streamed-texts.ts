/**
 * The text so far of each answer that is being written.
 *
 * A kernel sends mostly what was added. JupyterLab replaces the output by each such message, so what came before
 * must be kept here; every view of the same answer reads it from here.
 */
import { type IAnswer } from './bundle';

interface IText {
  text: string;
  /** Length in code points: kernels count characters as Python does, JavaScript counts UTF-16 units. */
  length: number;
  /** True after a message was missed, until the whole text comes again. */
  stale: boolean;
}

/** Answers whose kernel died are never finished; the oldest such texts are dropped beyond this number. */
const MOST_TEXTS = 200;

export class StreamedTexts {
  /** True while any answer is being written. */
  get any(): boolean {
    return this.texts.size > 0;
  }

  /** The text known of an answer that is being written. */
  textOf(id: string): string | undefined {
    return this.texts.get(id)?.text;
  }

  /**
   * Take in an update.
   *
   * @returns The answer's text as far as it is known. The same update may be given several times, by several views.
   */
  apply({ id, state, update }: IAnswer): string {
    if ('whole' in update) {
      if (state === 'streaming') {
        this.keep(id, { text: update.whole, length: codePoints(update.whole), stale: false });
      } else {
        this.texts.delete(id);
      }
      return update.whole;
    }
    const known = this.texts.get(id) ?? { text: '', length: 0, stale: false };
    const grown = append(known, update.offset, update.append);
    if (grown !== known) {
      this.keep(id, grown);
    }
    return grown.text;
  }

  private keep(id: string, text: IText): void {
    this.texts.delete(id);
    this.texts.set(id, text);
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= MOST_TEXTS) {
        break;
      }
      this.texts.delete(oldest);
    }
  }

  private readonly texts = new Map<string, IText>();
}

function append(known: IText, offset: number, added: string): IText {
  if (known.stale || offset < known.length) {
    return known;
  }
  if (offset > known.length) {
    return { ...known, stale: true };
  }
  return {
    text: known.text + added,
    length: known.length + codePoints(added),
    stale: false
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    count += 1;
  }
  return count;
}
