import { type ITranslator } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import { type IDisposable } from '@lumino/disposable';
import { type Message } from '@lumino/messaging';
import { AccordionPanel, type Widget } from '@lumino/widgets';
import React from 'react';

import { meshIcon } from '../icons';
import { MeshWidget } from '../ui/mesh-widget';
import { type ISurroundings } from '../ui/surroundings';
import { CallsSection } from './calls/calls-section';
import { CostSection } from './cost/cost-section';
import { Header } from './header';
import { ModelSection } from './models/model-section';
import { contentHeight, sectionHeights } from './section-heights';
import { Wishes } from './wish';

/** The sidebar "LLM Mesh". It watches the model only while it is on the screen. */
export class MeshSidePanel extends SidePanel {
  constructor(
    private readonly surroundings: ISurroundings,
    translator: ITranslator
  ) {
    super({ translator });
    const { model, notebooks, trans } = surroundings;
    this.id = 'jupyter-mesh-sidebar';
    this.title.icon = meshIcon;
    this.title.caption = trans.__('LLM Mesh');
    this.addClass('jp-mesh-SidePanel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('LLM Mesh'));
    this.header.addWidget(new MeshWidget(surroundings, <Header />));
    this.addSection(trans.__('Models'), <ModelSection wishes={this.wishes} />);
    this.addSection(trans.__('Cost'), <CostSection />);
    this.addSection(trans.__('Recent calls'), <CallsSection />);
    for (const resource of [model.catalogue, model.costs, model.calls]) {
      resource.changed.connect(this.fitSections, this);
    }
    // Offers and breakdowns fold; `toggle` does not bubble.
    this.content.node.addEventListener('toggle', () => this.fitSections(), true);
    if (this.content instanceof AccordionPanel) {
      this.content.handleMoved.connect(() => (this._isShared = true));
    }
    model.catalogue.changed.connect(this.hideWithoutGateway, this);
    model.costs.changed.connect(this.hideWithoutGateway, this);
    notebooks.changed.connect(this.nameFirstSection, this);
    this.nameFirstSection();
  }

  /** What commands want it to do. */
  readonly wishes = new Wishes();

  override dispose(): void {
    this._watch?.dispose();
    cancelAnimationFrame(this._frame);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.attend();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.attend();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._watch?.dispose();
    this._watch = null;
  }

  private attend(): void {
    this.surroundings.model.start();
    this._watch ??= this.surroundings.model.watch();
    this.fitSections();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.fitSections();
  }

  /** Height for what each section holds, until a person drags a border. */
  private readonly fitSections = (): void => {
    cancelAnimationFrame(this._frame);
    // React renders what has changed first.
    this._frame = requestAnimationFrame(() => {
      const panel = this.content;
      if (!(panel instanceof AccordionPanel) || !this.isVisible || this._isShared) {
        return;
      }
      const nodes = this.widgets.map(({ node }) => node);
      const room = nodes.reduce((total, { offsetHeight }) => total + offsetHeight, 0);
      const wanted = this.widgets.map(section =>
        section.isHidden ? 0 : contentHeight(section.node)
      );
      const heights = sectionHeights(wanted, room);
      const isNew = heights.some((height, at) => Math.abs(height - nodes[at].offsetHeight) > 1);
      if (room > 0 && isNew) {
        panel.setRelativeSizes(heights);
        // The model in force stays in sight when there is less room for it.
        const row = nodes[0]?.querySelector('[aria-selected="true"]');
        requestAnimationFrame(() => row?.scrollIntoView({ block: 'nearest' }));
      }
    });
  };

  private addSection(label: string, content: React.ReactNode): void {
    const section = new MeshWidget(this.surroundings, content);
    section.title.label = label;
    section.addClass('jp-mesh-Section');
    this.addWidget(section);
  }

  /** Where nothing at all can be shown, the header says why; three empty sections would not help. */
  private readonly hideWithoutGateway = (): void => {
    const { catalogue, costs } = this.surroundings.model;
    this.content.setHidden(catalogue.state.kind === 'failed' && costs.state.kind === 'failed');
  };

  private readonly nameFirstSection = (): void => {
    const { notebooks, trans } = this.surroundings;
    const section = this.widgets[0];
    if (section) {
      section.title.label =
        notebooks.path === null ? trans.__('Default model') : trans.__('Model for this notebook');
    }
  };

  private _watch: IDisposable | null = null;
  private _frame = 0;
  /** True once a person has dragged a border. */
  private _isShared = false;
}
