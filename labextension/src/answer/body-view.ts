/** The text of an answer in the form that was asked for. */
import { type TranslationBundle } from '@jupyterlab/translation';
import { type JSONValue } from '@lumino/coreutils';

import { type AnswerFormat } from './bundle';
import { codeBlock } from './markdown/code-block';
import { element } from './dom';
import { jsonTree } from './json-tree';
import { MarkdownView } from './markdown/view';
import { patchChildren } from './markdown/patch';

/** A whole text that is one fenced block of code. */
const ONE_FENCE = /^\s*(`{3,}|~{3,})([^\s`]*)[^\n]*\n([^]*?)(?:\n?\1[`~]*\s*)?$/;

export class BodyView {
  constructor(private readonly trans: TranslationBundle) {
    this.node = element('div', 'jp-mesh-Answer-body');
    this.markdown = new MarkdownView(trans);
  }

  readonly node: HTMLElement;

  /** Show a text, or the structured data that was read from it. */
  update(format: AnswerFormat, text: string, growing: boolean, data?: JSONValue): void {
    // JupyterLab hands over the same output more than once.
    const key = JSON.stringify([format, growing, data ?? null]);
    if (text === this.text && key === this.key) {
      return;
    }
    this.text = text;
    this.key = key;
    if (data !== undefined) {
      this.showTree(data);
    } else if (format === 'markdown') {
      this.markdown.update(text, growing);
      this.show(this.markdown.node);
    } else if (format === 'text') {
      this.showText(text);
    } else if (format === 'code') {
      this.showCode(text, growing);
    } else {
      this.showJson(text, growing);
    }
  }

  private showText(text: string): void {
    const plain = element('div', 'jp-mesh-Answer-plain', text);
    plain.dir = 'auto';
    this.show(plain);
  }

  private showCode(text: string, growing: boolean): void {
    const fence = ONE_FENCE.exec(text);
    if (fence !== null && !fence[3].includes(`\n${fence[1]}`)) {
      this.show(codeBlock(this.trans, fence[3], fence[2] || 'python'));
    } else if (fence !== null) {
      this.markdown.update(text, growing);
      this.show(this.markdown.node);
    } else {
      this.show(codeBlock(this.trans, text, 'python'));
    }
  }

  private showJson(text: string, growing: boolean): void {
    const value = growing ? undefined : parse(ONE_FENCE.exec(text)?.[3] ?? text);
    if (value === undefined) {
      this.show(codeBlock(this.trans, text, 'json'));
    } else {
      this.showTree(value);
    }
  }

  private showTree(value: JSONValue): void {
    this.node.replaceChildren(jsonTree(this.trans, value));
  }

  private show(content: HTMLElement): void {
    const { node } = this.markdown;
    if (content !== node && this.node.firstElementChild !== node) {
      patchChildren(this.node, [content]);
    } else if (this.node.firstElementChild !== content) {
      this.node.replaceChildren(content);
    }
  }

  private readonly markdown: MarkdownView;
  private text: string | null = null;
  private key = '';
}

function parse(text: string): JSONValue | undefined {
  try {
    return JSON.parse(text) as JSONValue;
  } catch {
    return undefined;
  }
}
