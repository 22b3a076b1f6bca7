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
  /** False once the answer has ended; in a comparison others may still be written. */
  writing: boolean;
}

/** The oldest texts are dropped beyond this number. */
const MOST_TEXTS = 200;

const NOTHING: IText = { text: '', length: 0, stale: false, writing: true };

export class StreamedTexts {
  /** True while any answer is being written. */
  get any(): boolean {
    return Array.from(this.texts.values()).some(({ writing }) => writing);
  }

  /** The text known of an answer that was written since the page was opened. */
  textOf(id: string): string | undefined {
    return this.texts.get(id)?.text;
  }

  /**
   * Take in an update.
   *
   * @returns The answer's text as far as it is known. The same update may be given several times, by several views.
   */
  apply({ id, state, update }: IAnswer): string {
    const writing = state === 'streaming';
    const known = this.texts.get(id);
    if ('append' in update) {
      const grown = append(known ?? NOTHING, update.offset, update.append);
      this.keep(id, { ...grown, writing });
      return grown.text;
    }
    if (writing || known !== undefined) {
      const length = codePoints(update.whole);
      this.keep(id, { text: update.whole, length, stale: false, writing });
    }
    return update.whole;
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
  return { ...known, text: known.text + added, length: known.length + codePoints(added) };
}

function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) {
    count += 1;
  }
  return count;
}
