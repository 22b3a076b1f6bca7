/** Several models' answers to the same prompt, side by side, each treated alike. */
import { type IAnswerHost } from './answer-host';
import { AnswerView } from './answer-view';
import { type IAnswer, type IComparison } from './bundle';
import { element } from './dom';

export class ComparisonView {
  constructor(private readonly host: IAnswerHost) {}

  readonly node = element('div', 'jp-mesh-Answer-comparison');

  update({ answers }: IComparison, texts: readonly string[]): void {
    while (this.columns.length < answers.length) {
      this.addColumn();
    }
    while (this.columns.length > answers.length) {
      this.columns.pop()?.node.remove();
    }
    answers.forEach((answer, index) => {
      const { view, heading } = this.columns[index];
      heading.textContent = nameOf(answer) ?? this.host.trans.__('Answer %1', index + 1);
      heading.title = heading.textContent;
      view.update(answer, texts[index]);
    });
  }

  async finish(): Promise<void> {
    for (const { view } of this.columns) {
      await view.finish();
    }
  }

  private addColumn(): void {
    const view = new AnswerView(this.host);
    const heading = element('div', 'jp-mesh-Answer-columnHeading');
    const node = element('section', 'jp-mesh-Answer-column', heading, view.node);
    this.columns.push({ node, heading, view });
    this.node.append(node);
  }

  private readonly columns: { node: HTMLElement; heading: HTMLElement; view: AnswerView }[] = [];
}

function nameOf({ model, requestedModel }: IAnswer): string | null {
  return model ?? requestedModel;
}
