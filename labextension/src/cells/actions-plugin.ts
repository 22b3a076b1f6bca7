import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

import { CommandIDs } from '../command-ids';
import { asksModel } from '../notebook/cell-source';
import { ISurroundings } from '../ui/surroundings';
import { failureOf } from './error-bar';
import { ErrorBars } from './error-bars';
import { type Help } from './error-prompt';
import { showWhileRunning } from './stop-strip';

/** The stop button of running prompts, and “Explain” and “Fix” under errors. */
export const cellActionsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:cell-actions',
  description: 'Stop button of running prompts; explain and fix under errors.',
  autoStart: true,
  requires: [ISurroundings, INotebookTracker],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    surroundings: ISurroundings,
    tracker: INotebookTracker,
    palette: ICommandPalette | null
  ): void => {
    const bars = new WeakMap<NotebookPanel, ErrorBars>();
    const adopt = (panel: NotebookPanel): void => {
      bars.set(panel, new ErrorBars(surroundings, panel));
    };
    tracker.forEach(adopt);
    tracker.widgetAdded.connect((_, panel) => adopt(panel));

    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const panel = tracker.find(candidate => candidate.content === notebook);
      const isPrompt = asksModel(cell.model.sharedModel.getSource());
      if (panel && isPrompt && cell instanceof CodeCell) {
        showWhileRunning(surroundings, panel, cell);
      }
    });
    NotebookActions.executed.connect((_, { notebook, cell, success }) => {
      const panel = tracker.find(candidate => candidate.content === notebook);
      if (panel && !success && cell instanceof CodeCell) {
        bars.get(panel)?.noteFailure(cell);
      }
    });

    const failedCell = (): CodeCell | null => {
      const cell = tracker.activeCell;
      return cell instanceof CodeCell && failureOf(cell) !== null ? cell : null;
    };
    const { trans } = surroundings;
    const labels: [Help, string, string][] = [
      ['explain', CommandIDs.explainError, trans.__('Explain the Error of This Cell')],
      ['fix', CommandIDs.fixError, trans.__('Fix the Error of This Cell')]
    ];
    for (const [help, command, label] of labels) {
      app.commands.addCommand(command, {
        label,
        isEnabled: () => failedCell() !== null,
        execute: async () => {
          const cell = failedCell();
          const panel = tracker.currentWidget;
          if (cell && panel) {
            await bars.get(panel)?.ask(cell, help);
          }
        }
      });
      palette?.addItem({ command, category: trans.__('LLM Mesh') });
    }
  }
};
