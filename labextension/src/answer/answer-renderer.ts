/** JupyterLab's renderer of answers. */
import { type IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { type IAnswerHost } from './answer-host';
import { AnswerView } from './answer-view';
import { ANSWER_MIME, answersOf, parseBundle, type IAnswer, type IComparison } from './bundle';
import { ComparisonView } from './comparison-view';
import { element } from './dom';
import { type StreamedTexts } from './streamed-texts';

type Bundle = IAnswer | IComparison;

/**
 * Shows one output. JupyterLab hands each update of the output to the same renderer.
 *
 * Whether the notebook is trusted makes no difference: nothing of an answer is ever run or loaded.
 */
export class AnswerRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly texts: StreamedTexts,
    hostOf: (renderer: AnswerRenderer) => IAnswerHost
  ) {
    super();
    this.addClass('jp-mesh-Answer');
    this.host = hostOf(this);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const bundle = parseBundle(model.data[ANSWER_MIME]);
    if (bundle === null) {
      this.showUnreadable(model.data['text/plain']);
      return Promise.resolve();
    }
    // Each update counts, also where several come before the next frame.
    const texts = answersOf(bundle).map(answer => this.texts.apply(answer));
    const isFirst = this.pending === null;
    this.pending = { bundle, texts };
    if (isFirst) {
      this.draw();
    }
    this.schedule();
    return Promise.resolve();
  }

  /** Show again what is known: for when the cell around has changed. */
  refresh(): void {
    this.schedule();
  }

  override dispose(): void {
    cancelAnimationFrame(this.frame);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.schedule();
  }

  /** At most one rendering per frame, and none while nobody can see it. */
  private schedule(): void {
    if (this.frame === 0 && this.isAttached && !this.isDisposed) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        if (this.isAttached) {
          this.draw();
          void this.view?.finish();
        }
      });
    }
  }

  private draw(): void {
    if (this.pending === null) {
      return;
    }
    const { bundle, texts } = this.pending;
    if ('answers' in bundle) {
      this.comparison ??= this.put(new ComparisonView(this.host));
      this.comparison.update(bundle, texts);
    } else {
      this.single ??= this.put(new AnswerView(this.host));
      this.single.update(bundle, texts[0]);
    }
  }

  private put<V extends AnswerView | ComparisonView>(view: V): V {
    this.node.replaceChildren(view.node);
    this.comparison = null;
    this.single = null;
    this.view = view;
    return view;
  }

  private showUnreadable(plain: unknown): void {
    const { trans } = this.host;
    this.pending = null;
    this.single = this.comparison = this.view = null;
    this.node.replaceChildren(
      element(
        'p',
        'jp-mesh-Answer-hint',
        trans.__('This answer was saved in a form that this version of Jupyter Mesh cannot read.')
      ),
      element('pre', 'jp-mesh-Answer-plain', typeof plain === 'string' ? plain : '')
    );
  }

  private readonly host: IAnswerHost;
  private pending: { bundle: Bundle; texts: string[] } | null = null;
  private view: AnswerView | ComparisonView | null = null;
  private single: AnswerView | null = null;
  private comparison: ComparisonView | null = null;
  private frame = 0;
}
