/** A Markdown text on the page, cheap to bring up to date while it grows. */
import { type TranslationBundle } from '@jupyterlab/translation';
import { type Links, type Token } from 'marked';

import { reduce } from './allow-list';
import { element } from '../dom';
import { block } from './blocks';
import { blocksOf, noLinks, normalize } from './syntax';
import { patchChildren } from './patch';
import { presentable } from './unfinished';

/** The end of a text may still change what the last blocks mean; those before them are settled. */
const UNSETTLED_BLOCKS = 2;

/** Longer texts are shown as they are written, without being read as Markdown. */
const LONGEST = 300_000;

export class MarkdownView {
  constructor(private readonly trans: TranslationBundle) {
    this.node = element('div', 'jp-mesh-Answer-prose');
  }

  readonly node: HTMLElement;

  /**
   * Show a text.
   *
   * @param growing True while more is to come: only its last blocks are read again then, if it continues what is shown.
   */
  update(source: string, growing: boolean): void {
    const text = normalize(source);
    if (!growing || !text.startsWith(this.settledText)) {
      this.forget();
    }
    try {
      this.show(text, growing);
    } catch (error) {
      // Nesting beyond the stack, for one: the reader still gets the text.
      console.warn('This answer cannot be read as Markdown', error);
      this.forget();
      patchChildren(this.node, [element('pre', 'jp-mesh-Answer-plain', text)]);
    }
  }

  private show(text: string, growing: boolean): void {
    if (text.length > LONGEST) {
      patchChildren(this.node, [element('pre', 'jp-mesh-Answer-plain', text)]);
      return;
    }
    const rest = text.slice(this.settledText.length);
    const definitions = Object.keys(this.links).length;
    const tokens = blocksOf(growing ? presentable(rest) : rest, this.links);
    if (Object.keys(this.links).length > definitions && this.settledText !== '') {
      // A link's address came after its use.
      this.settledText = '';
      this.settledBlocks = 0;
      this.show(text, growing);
      return;
    }
    const made = tokens.map(token => block(token, { trans: this.trans, depth: 0 }));
    const holder = element('div', '', ...made);
    const unexpected = reduce(holder);
    if (unexpected.length > 0) {
      console.error('Removed from a model answer:', unexpected.join(', '));
    }
    patchChildren(this.node, Array.from(holder.childNodes), this.settledBlocks);
    if (growing) {
      this.settle(tokens, made);
    }
  }

  /** Blocks with enough others after them are not read again. */
  private settle(tokens: readonly Token[], made: readonly (HTMLElement | null)[]): void {
    const shown = made.flatMap((node, index) => (node === null ? [] : [index]));
    const firstUnsettled = shown.at(-UNSETTLED_BLOCKS) ?? 0;
    for (let index = 0; index < firstUnsettled; index += 1) {
      this.settledText += tokens[index].raw;
      this.settledBlocks += made[index] === null ? 0 : 1;
    }
  }

  private forget(): void {
    this.settledText = '';
    this.settledBlocks = 0;
    this.links = noLinks();
  }

  private links: Links = noLinks();
  private settledText = '';
  private settledBlocks = 0;
}
