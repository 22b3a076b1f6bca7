import { Notification } from '@jupyterlab/apputils';
import { type INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { type Contents } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import { type IMeshModel } from '../model/token';
import { type IMeshSettings } from '../settings/token';
import { type IChoice, NO_CHOICE, readChoice, writeChoice } from './choice';
import { type INotebookContext } from './token';

/** Follows the notebook tracker, where the page has one; see `INotebookContext`. */
export class NotebookContext implements INotebookContext {
  constructor(
    tracker: INotebookTracker | null,
    private readonly contents: Contents.IManager,
    private readonly model: IMeshModel,
    private readonly settings: IMeshSettings
  ) {
    tracker?.currentChanged.connect((_, panel) => this.follow(panel));
    this.follow(tracker?.currentWidget ?? null);
  }

  get changed(): ISignal<INotebookContext, void> {
    return this._changed;
  }

  get panel(): NotebookPanel | null {
    return this._panel;
  }

  get path(): string | null {
    return this._panel === null ? null : this.contents.localPath(this._panel.context.path);
  }

  get choice(): IChoice {
    const notebook = this._panel?.content.model;
    return notebook ? readChoice(notebook) : NO_CHOICE;
  }

  chooseModel(id: string | null): void {
    if (id !== null) {
      this.settings.markUsed(id);
    }
    const notebook = this._panel?.content.model;
    if (notebook) {
      writeChoice(notebook, { ...this.choice, model: id });
    } else {
      this.model.setDefaultModel(id).catch((error: Error) => Notification.error(error.message));
    }
  }

  choosePurpose(purpose: string | null): void {
    const notebook = this._panel?.content.model;
    if (notebook) {
      writeChoice(notebook, { ...this.choice, purpose });
    }
  }

  private follow(panel: NotebookPanel | null): void {
    Signal.disconnectReceiver(this);
    this._panel = panel;
    panel?.disposed.connect(this.onDisposed, this);
    panel?.context.pathChanged.connect(this.announce, this);
    panel?.content.modelChanged.connect(this.onModelChanged, this);
    panel?.content.model?.metadataChanged.connect(this.announceChoice, this);
    this.announce();
  }

  private readonly onModelChanged = (): void => this.follow(this._panel);
  private readonly onDisposed = (): void => this.follow(null);

  private readonly announce = (): void => {
    this._announced = this.choice;
    this.model.document = this.path;
    this._changed.emit();
  };

  /** Metadata changes often for reasons of its own (a kernel's language info): only ours counts. */
  private readonly announceChoice = (): void => {
    const { model, purpose } = this.choice;
    if (model !== this._announced.model || purpose !== this._announced.purpose) {
      this.announce();
    }
  };

  private _panel: NotebookPanel | null = null;
  private _announced: IChoice = NO_CHOICE;
  private readonly _changed = new Signal<this, void>(this);
}
