/** The line under an answer: what it was and cost, what was unusual, what can be done with it. */
import { addBelowIcon, copyIcon, inspectorIcon, refreshIcon } from '@jupyterlab/ui-components';

import { acknowledge, actionButton, isEnabled, setRefusal } from './action-button';
import { type IAnswerHost } from './answer-host';
import { type IAnswer } from './bundle';
import { type Progress, chipsOf, type IChip } from './chips';
import { element, keepKeys } from './dom';
import { factsOf, type IFact } from './facts';
import { insertion } from './insertion';

export class FooterView {
  constructor(private readonly host: IAnswerHost) {
    const { trans } = host;
    this.facts.setAttribute('aria-label', trans.__('About this answer'));
    this.copy = actionButton(copyIcon, trans.__('Copy the answer'));
    this.insert = actionButton(addBelowIcon, '');
    this.regenerate = actionButton(refreshIcon, '');
    this.details = actionButton(inspectorIcon, trans.__('Show how the gateway handled this call'));
    this.actions.append(this.copy, this.insert, this.regenerate, this.details);
    this.actions.setAttribute('role', 'toolbar');
    this.actions.setAttribute('aria-label', trans.__('Actions for this answer'));
    this.messages.hidden = true;
    this.node.append(
      this.messages,
      element('div', 'jp-mesh-Answer-footerLine', this.facts, this.chips, this.actions)
    );
    this.listen();
  }

  readonly node = element('footer', 'jp-mesh-Answer-footer');

  update(answer: IAnswer, text: string, progress: Progress): void {
    this.answer = answer;
    this.text = text;
    const { trans } = this.host;
    const isLocal = answer.model !== null && this.host.isLocal(answer.model);
    this.showFacts(factsOf(answer, isLocal, trans), progress);
    this.showChips(chipsOf(answer, progress, trans));
    this.progress = progress;
    this.showActions(progress);
  }

  private showFacts(facts: readonly IFact[], progress: Progress): void {
    const shown = facts.map(({ kind, text, full }) => {
      const item = element(
        'li',
        `jp-mesh-Answer-fact jp-mesh-Answer-fact-${kind}`,
        element('bdi', '', text)
      );
      item.title = full;
      item.setAttribute('aria-label', full);
      return item;
    });
    if (progress === 'writing') {
      shown.push(
        element('li', 'jp-mesh-Answer-fact jp-mesh-Answer-writing', this.host.trans.__('writing…'))
      );
    }
    this.facts.replaceChildren(...shown);
  }

  private showChips(chips: readonly IChip[]): void {
    const key = JSON.stringify(chips);
    if (key === this.chipsKey) {
      return;
    }
    this.chipsKey = key;
    this.chips.replaceChildren(...chips.map(chip => this.chipButton(chip)));
    this.messages.replaceChildren(
      ...chips.map(({ label, message }) =>
        element('li', '', element('strong', '', label), ' ', element('bdi', '', message))
      )
    );
  }

  private chipButton({ label, message, tone }: IChip): HTMLButtonElement {
    const chip = keepKeys(element('button', `jp-mesh-Answer-chip jp-mod-${tone}`, label));
    chip.type = 'button';
    chip.title = message;
    chip.setAttribute('aria-label', `${label}: ${message}`);
    chip.setAttribute('aria-expanded', String(!this.messages.hidden));
    chip.addEventListener('mousedown', event => event.preventDefault());
    chip.addEventListener('click', () => this.toggleMessages());
    return chip;
  }

  private toggleMessages(): void {
    this.messages.hidden = !this.messages.hidden;
    for (const chip of Array.from(this.chips.children)) {
      chip.setAttribute('aria-expanded', String(!this.messages.hidden));
    }
  }

  private showActions(progress: Progress): void {
    const { trans } = this.host;
    const nothing = this.text === '' ? trans.__('there is no text yet') : null;
    const writing = progress === 'writing' ? trans.__('the answer is still being written') : null;
    setRefusal(this.copy, trans.__('Copy the answer'), nothing);
    const into = this.host.canInsert ? null : trans.__('there is no notebook here');
    setRefusal(this.insert, this.insertLabel(), into ?? nothing ?? writing);
    const again = writing ?? this.host.regenerateRefusal();
    setRefusal(this.regenerate, trans.__('Ask another model'), again);
    this.details.hidden = !this.host.canShowDetails || !this.answer?.requestId;
  }

  private insertLabel(): string {
    const { trans } = this.host;
    const kind = this.insertion()?.kind;
    if (kind === 'raw') {
      return trans.__('Insert as a raw cell below, which is shown as it stands');
    }
    return kind === 'markdown'
      ? trans.__('Insert as a Markdown cell below')
      : trans.__('Insert as a cell below; it is not run');
  }

  /** What would be inserted; read only once the answer is whole. */
  private insertion() {
    return this.answer && this.answer.state !== 'streaming'
      ? insertion(this.answer.format, this.text)
      : null;
  }

  private listen(): void {
    const { trans } = this.host;
    // Models may have come since, or the cell may have changed.
    const lookAgain = () => this.showActions(this.progress);
    this.actions.addEventListener('pointerenter', lookAgain);
    this.actions.addEventListener('focusin', lookAgain);
    this.whenPressed(this.copy, async () => {
      await this.host.copy(this.text);
      acknowledge(this.copy, trans.__('Copied'));
    });
    this.whenPressed(this.insert, () => {
      const inserted = this.insertion();
      if (inserted !== null) {
        this.host.insertBelow(inserted.kind, inserted.source);
        acknowledge(this.insert, trans.__('Inserted'));
      }
    });
    this.whenPressed(this.regenerate, () => this.host.regenerate(this.regenerate));
    this.whenPressed(this.details, () => {
      if (this.answer?.requestId) {
        this.host.showDetails(this.answer.requestId);
      }
    });
  }

  private whenPressed(button: HTMLButtonElement, action: () => void | Promise<void>): void {
    button.addEventListener('click', () => {
      if (isEnabled(button)) {
        void action();
      }
    });
  }

  private readonly facts = element('ul', 'jp-mesh-Answer-facts');
  private readonly chips = element('div', 'jp-mesh-Answer-chips');
  private readonly messages = element('ul', 'jp-mesh-Answer-messages');
  private readonly actions = element('div', 'jp-mesh-Answer-actions');
  private readonly copy: HTMLButtonElement;
  private readonly insert: HTMLButtonElement;
  private readonly regenerate: HTMLButtonElement;
  private readonly details: HTMLButtonElement;
  private answer: IAnswer | null = null;
  private text = '';
  private progress: Progress = 'writing';
  private chipsKey = '';
}
