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
    if (!growing || !text.startsWith(this.settled)) {
      this.settled = '';
      this.settledBlocks = 0;
    }
    try {
      this.show(text, growing);
    } catch (error) {
      // Nesting beyond the stack, for one: the reader still gets the text.
      console.warn('This answer cannot be read as Markdown', error);
      this.showAsWritten(text);
    }
  }

  private show(text: string, growing: boolean): void {
    if (text.length > LONGEST) {
      this.showAsWritten(text);
      return;
    }
    const rest = text.slice(this.settled.length);
    const links = this.settled === '' ? noLinks() : this.links;
    const tokens = blocksOf(growing ? presentable(rest) : rest, links);
    const addresses = JSON.stringify(links);
    if (addresses !== this.addresses) {
      // A link's address has come, perhaps after its use: nothing that is shown can be kept.
      this.blocks.length = 0;
      this.addresses = addresses;
      if (this.settled !== '') {
        this.settled = '';
        this.settledBlocks = 0;
        this.show(text, growing);
        return;
      }
    }
    this.links = links;
    this.showBlocks(tokens);
    if (growing) {
      this.settle(tokens);
    }
  }

  /** Make the blocks that are not on the page yet, and put them there. */
  private showBlocks(tokens: readonly Token[]): void {
    const first = this.settledBlocks;
    const changed = tokens.findIndex(({ raw }, index) => this.blocks[first + index]?.raw !== raw);
    const kept = first + (changed === -1 ? tokens.length : changed);
    const made = tokens.slice(kept - first).map(token => ({
      raw: token.raw,
      node: block(token, { trans: this.trans, depth: 0 })
    }));
    const holder = element('div', '', ...made.map(({ node }) => node));
    const unexpected = reduce(holder);
    if (unexpected.length > 0) {
      console.error('Removed from a model answer:', unexpected.join(', '));
    }
    const shownBefore = this.blocks.slice(0, kept).filter(({ shows }) => shows).length;
    patchChildren(this.node, Array.from(holder.childNodes), shownBefore);
    this.blocks.length = kept;
    this.blocks.push(...made.map(({ raw, node }) => ({ raw, shows: node !== null })));
  }

  /** Blocks with enough others after them are not read again. */
  private settle(tokens: readonly Token[]): void {
    const first = this.settledBlocks;
    const visible = tokens.flatMap((_, index) => (this.blocks[first + index].shows ? [index] : []));
    const settling = tokens.slice(0, visible.at(-UNSETTLED_BLOCKS) ?? 0);
    this.settled += settling.map(({ raw }) => raw).join('');
    this.settledBlocks += settling.length;
  }

  private showAsWritten(text: string): void {
    this.settled = '';
    this.settledBlocks = 0;
    this.blocks.length = 0;
    patchChildren(this.node, [element('pre', 'jp-mesh-Answer-plain', text)]);
  }

  /** All blocks up to the last one read, also those that show nothing. */
  private readonly blocks: { raw: string; shows: boolean }[] = [];
  private links: Links = noLinks();
  /** The links' addresses with which the blocks were made. */
  private addresses = '{}';
  /** The text that is not read again while it grows, and how many of the blocks it makes. */
  private settled = '';
  private settledBlocks = 0;
}
