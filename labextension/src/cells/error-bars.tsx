import { CodeCell } from '@jupyterlab/cells';
import { type NotebookPanel } from '@jupyterlab/notebook';
import React from 'react';

import { asksModel } from '../notebook/cell-source';
import { MeshWidget } from '../ui/mesh-widget';
import { type ISurroundings } from '../ui/surroundings';
import { placeInCell } from './below-input';
import { askAbout, ErrorBar, failureOf } from './error-bar';
import { type Help } from './error-prompt';

/** Keeps a bar under every cell of a notebook that ended with an error. */
export class ErrorBars {
  constructor(
    private readonly surroundings: ISurroundings,
    private readonly panel: NotebookPanel
  ) {
    const { content, context, sessionContext } = panel;
    void context.ready.then(() => {
      if (!panel.isDisposed) {
        content.model?.cells.changed.connect(this.adoptCells);
        this.adoptCells();
      }
    });
    sessionContext.kernelChanged.connect(this.forgetLatest);
    sessionContext.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        this.forgetLatest();
      }
    });
  }

  /** Take note of a cell that has just failed: `%llm fix` is about the latest. */
  noteFailure(cell: CodeCell): void {
    this._latest = cell;
  }

  async ask(cell: CodeCell, help: Help): Promise<void> {
    await askAbout(this.panel, cell, help, cell === this._latest);
  }

  private readonly forgetLatest = (): void => {
    this._latest = null;
  };

  private readonly adoptCells = (): void => {
    for (const cell of this.panel.content.widgets) {
      if (cell instanceof CodeCell && !this._bars.has(cell)) {
        this._bars.set(cell, null);
        cell.model.outputs.changed.connect(() => this.refresh(cell));
        void cell.ready.then(() => this.refresh(cell));
      }
    }
  };

  private refresh(cell: CodeCell): void {
    const bar = this._bars.get(cell) ?? null;
    const isWanted = !cell.isDisposed && this.offersHelp(cell);
    if (isWanted && bar === null) {
      const made = new MeshWidget(
        this.surroundings,
        <ErrorBar panel={this.panel} onAsk={help => void this.ask(cell, help)} />
      );
      made.addClass('jp-mesh-ErrorBar-place');
      this._bars.set(cell, made);
      placeInCell(cell, made, 'outputs');
    } else if (!isWanted && bar !== null) {
      this._bars.set(cell, null);
      bar.dispose();
    }
  }

  /** Only Python knows the magics, and an error of a model call is not one a model should explain. */
  private offersHelp(cell: CodeCell): boolean {
    const language = this.panel.content.model?.defaultKernelLanguage;
    return (
      language === 'python' &&
      !asksModel(cell.model.sharedModel.getSource()) &&
      failureOf(cell) !== null
    );
  }

  private _latest: CodeCell | null = null;
  private readonly _bars = new WeakMap<CodeCell, MeshWidget | null>();
}
