/** One answer on the page: reasoning, text, error, footer. */
import { errorIcon } from '@jupyterlab/ui-components';

import { acknowledge } from './action-button';
import { type IAnswerHost } from './answer-host';
import { BodyView } from './body-view';
import { type IAnswer, type INotice } from './bundle';
import { placeCaret } from './caret';
import { type Progress } from './chips';
import { codeAction } from './markdown/code-block';
import { element, keepKeys } from './dom';
import { FooterView } from './footer-view';
import { patchChildren } from './markdown/patch';

export class AnswerView {
  constructor(private readonly host: IAnswerHost) {
    this.body = new BodyView(host.trans);
    this.footer = new FooterView(host);
    this.announcement.setAttribute('role', 'status');
    this.problem.setAttribute('role', 'alert');
    this.node.append(this.reasoning, this.body.node, this.hint, this.problem);
    this.node.append(this.footer.node, this.announcement);
    this.summary = keepKeys(element('summary', '', host.trans.__('Reasoning')));
    this.reasoning.append(this.summary, this.reasoningText);
    this.reasoningText.dir = 'auto';
    this.body.node.addEventListener('click', event => this.onCodeClick(event));
  }

  readonly node = element('article', 'jp-mesh-Answer-one');

  /** Show the answer as far as it has come. `text` is all of its text that is known. */
  update(answer: IAnswer, text: string): void {
    const progress = this.progressOf(answer);
    const { trans } = this.host;
    this.node.className = `jp-mesh-Answer-one jp-mod-${progress}`;
    this.node.setAttribute('aria-busy', String(progress === 'writing'));
    this.node.setAttribute(
      'aria-label',
      answer.model === null
        ? trans.__('AI-generated answer')
        : trans.__('AI-generated answer by %1', answer.model)
    );
    this.body.update(answer.format, text, progress === 'writing', answer.data);
    this.body.node.hidden = text === '' && answer.data === undefined && progress === 'error';
    placeCaret(this.body.node, progress === 'writing');
    this.showReasoning(answer.reasoning);
    this.showHint(answer, text, progress);
    this.showProblem(answer.error, progress);
    this.footer.update(answer, text, progress);
    this.announce(progress);
  }

  /** Colour code and typeset formulas; the view must stand on the page. */
  async finish(): Promise<void> {
    await this.host.colours?.apply(this.body.node, this.progress === 'writing');
    await this.host.formulas?.typeset(this.body.node, this.node);
  }

  private progressOf({ state }: IAnswer): Progress {
    if (state !== 'streaming') {
      return state;
    }
    return this.host.isWriting() ? 'writing' : 'interrupted';
  }

  private showReasoning(text: string): void {
    this.reasoning.hidden = text === '';
    patchChildren(this.reasoningText, [document.createTextNode(text)]);
  }

  private showHint({ error, data }: IAnswer, text: string, progress: Progress): void {
    const { trans } = this.host;
    const isEmpty = text.trim() === '' && data === undefined && error === null;
    this.hint.hidden = !isEmpty;
    if (progress === 'writing') {
      this.hint.textContent = trans.__('Waiting for the first words…');
    } else if (progress === 'interrupted') {
      this.hint.textContent = trans.__('Nothing of this answer was kept.');
    } else {
      this.hint.textContent = trans.__('The model answered without any text.');
    }
  }

  private showProblem(error: INotice | null, progress: Progress): void {
    const { trans } = this.host;
    const message =
      error?.message ?? (progress === 'error' ? trans.__('The answer ended with an error.') : '');
    this.problem.hidden = message === '';
    if (this.problem.title === message) {
      return;
    }
    this.problem.title = message;
    const text = element('bdi', '', ...withCode(message));
    const code = error === null || error.code === '' ? null : element('code', '', error.code);
    this.problem.replaceChildren(
      errorIcon.element({ tag: 'span' }),
      element('span', '', text),
      code ?? ''
    );
  }

  /** Tell screen readers once when an answer that they saw begin has ended. */
  private announce(progress: Progress): void {
    const { trans } = this.host;
    if (this.progress === 'writing' && progress !== 'writing') {
      this.announcement.textContent =
        progress === 'done'
          ? trans.__('The answer is complete.')
          : trans.__('The answer has ended early.');
    }
    this.progress = progress;
  }

  private onCodeClick(event: MouseEvent): void {
    const asked = codeAction(event.target);
    const { trans } = this.host;
    if (asked === null) {
      return;
    }
    if (asked.action === 'copy') {
      void this.host.copy(asked.code).then(() => acknowledge(asked.button, trans.__('Copied')));
    } else if (this.host.canInsert) {
      this.host.insertBelow('code', asked.code);
      acknowledge(asked.button, trans.__('Inserted'));
    }
  }

  private readonly body: BodyView;
  private readonly footer: FooterView;
  private readonly reasoning = element('details', 'jp-mesh-Answer-reasoning');
  private readonly reasoningText = element('div', 'jp-mesh-Answer-reasoningText');
  private readonly summary: HTMLElement;
  private readonly hint = element('p', 'jp-mesh-Answer-hint');
  private readonly problem = element('div', 'jp-mesh-Answer-problem');
  private readonly announcement = element('div', 'jp-mesh-visually-hidden');
  private progress: Progress | null = null;
}

/** A sentence with what stands in backticks as code. */
function withCode(sentence: string): (HTMLElement | string)[] {
  return sentence
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? element('code', '', part) : part));
}
