/** What an answer can ask of JupyterLab, for one renderer. */
import { Clipboard } from '@jupyterlab/apputils';
import { type INotebookTracker } from '@jupyterlab/notebook';
import { type TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { type ModelCard } from '../api/types';
import { CommandIDs } from '../command-ids';
import { type IMeshModel } from '../model/token';
import { type CellKind, type IAnswerHost } from './answer-host';
import { type AnswerRenderer } from './answer-renderer';
import { type CodeColours } from './markdown/highlight-codes';
import {
  asksOneModel,
  cellOf,
  insertBelow,
  type IPlacedCell,
  isRunning,
  runWith
} from './notebook-cells';
import { type Formulas } from './markdown/typeset-formulas';

export interface ILabParts {
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly tracker: INotebookTracker | null;
  readonly model: IMeshModel | null;
  readonly formulas: Formulas | null;
  readonly colours: CodeColours | null;
}

export class LabHost implements IAnswerHost {
  constructor(
    private readonly parts: ILabParts,
    private readonly renderer: AnswerRenderer
  ) {
    const refresh = () => renderer.refresh();
    parts.model?.catalogue.changed.connect(refresh);
    renderer.disposed.connect(() => parts.model?.catalogue.changed.disconnect(refresh));
  }

  get trans(): TranslationBundle {
    return this.parts.trans;
  }

  get formulas(): Formulas | null {
    return this.parts.formulas;
  }

  get colours(): CodeColours | null {
    return this.parts.colours;
  }

  async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Not allowed, or absent where the page came over plain HTTP.
      Clipboard.copyToSystem(text);
    }
  }

  get canInsert(): boolean {
    return this.cell() !== null;
  }

  insertBelow(kind: CellKind, source: string): void {
    const placed = this.cell();
    if (placed !== null) {
      insertBelow(placed, kind, source);
    }
  }

  regenerateRefusal(): string | null {
    const placed = this.cell();
    if (placed === null || !asksOneModel(placed)) {
      return this.trans.__(
        'only an answer below a %1 or %2 cell that asks one model',
        '%%llm',
        '%%rag'
      );
    }
    return this.models().length === 0 ? this.trans.__('no model is open to you yet') : null;
  }

  regenerate(anchor: Element): void {
    const { commands } = this.menu;
    this.menu.clearItems();
    for (const card of this.models()) {
      const command = `use:${card.id}`;
      if (!commands.hasCommand(command)) {
        commands.addCommand(command, {
          label: card.id,
          caption: card.description,
          execute: () => this.runWith(card.id)
        });
      }
      this.menu.addItem({ command });
    }
    const { left, bottom } = anchor.getBoundingClientRect();
    this.menu.open(left, bottom);
  }

  get canShowDetails(): boolean {
    return this.parts.commands.hasCommand(CommandIDs.openCall);
  }

  showDetails(requestId: string): void {
    void this.parts.commands.execute(CommandIDs.openCall, { id: requestId });
  }

  isWriting(): boolean {
    const placed = this.cell();
    if (placed === null) {
      // In a console or an output widget there is no telling; before the output is in its cell, neither.
      return true;
    }
    this.followRun(placed);
    return isRunning(placed);
  }

  isLocal(model: string): boolean {
    return this.cards().some(card => card.id === model && card.residency === 'local');
  }

  private cards(): readonly ModelCard[] {
    return this.parts.model?.catalogue.value?.models ?? [];
  }

  private models(): readonly ModelCard[] {
    return this.cards().filter(card => card.operations.includes('chat'));
  }

  private cell(): IPlacedCell | null {
    return this.parts.tracker && cellOf(this.parts.tracker, this.renderer);
  }

  private async runWith(model: string): Promise<void> {
    const placed = this.cell();
    if (placed !== null) {
      await runWith(placed, model);
    }
  }

  /** Look again once the cell's run has ended, however it ends: a dying kernel sends no last update. */
  private followRun({ cell }: IPlacedCell): void {
    const { future } = cell.outputArea as { future?: { done: Promise<unknown> } };
    if (future && future !== this.followed) {
      this.followed = future;
      const refresh = () => this.renderer.refresh();
      future.done.then(refresh, refresh);
    }
  }

  private get menu(): Menu {
    this.ownMenu ??= new Menu({ commands: new CommandRegistry() });
    return this.ownMenu;
  }

  private ownMenu: Menu | null = null;
  private followed: unknown = null;
}
