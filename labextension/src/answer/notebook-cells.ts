/** The notebook cell that an answer belongs to, and what is done to the notebook around it. */
import { CodeCell } from '@jupyterlab/cells';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { type Widget } from '@lumino/widgets';

import { type CellKind } from './answer-host';
import { withModel } from './model-word';

export interface IPlacedCell {
  panel: NotebookPanel;
  cell: CodeCell;
  index: number;
}

/**
 * The cell whose output a widget is in, also where the output is shown in a tab of its own.
 *
 * Null outside of notebooks: in a console, or in an output widget.
 */
export function cellOf(tracker: INotebookTracker, widget: Widget): IPlacedCell | null {
  const models = new Set<unknown>();
  for (let at = widget.parent; at !== null; at = at.parent) {
    models.add((at as Widget & { model?: unknown }).model);
  }
  models.delete(undefined);
  let found: IPlacedCell | null = null;
  tracker.forEach(panel => {
    panel.content.widgets.forEach((cell, index) => {
      if (cell instanceof CodeCell && models.has(cell.outputArea.model)) {
        found ??= { panel, cell, index };
      }
    });
  });
  return found;
}

/** Whether the cell runs at present, as far as this page can know. */
export function isRunning({ cell }: IPlacedCell): boolean {
  const { future } = cell.outputArea as { future?: CodeCell['outputArea']['future'] };
  // Without a future here, somebody else may run it: a server-side executor says so in the model.
  return future ? !future.isDisposed : cell.model.executionState === 'running';
}

/** Put a new cell below; it is not run. */
export function insertBelow({ panel, index }: IPlacedCell, kind: CellKind, source: string): void {
  const notebook = panel.content;
  notebook.model?.sharedModel.insertCell(index + 1, { cell_type: kind, source });
  notebook.activeCellIndex = index + 1;
  notebook.deselectAll();
}

/** Whether the cell asks a model that can be replaced by another. */
export function asksOneModel({ cell }: IPlacedCell): boolean {
  return withModel(cell.model.sharedModel.getSource(), 'model') !== null;
}

/** Write another model into the cell and run it. */
export async function runWith({ panel, cell, index }: IPlacedCell, model: string): Promise<void> {
  const source = withModel(cell.model.sharedModel.getSource(), model);
  if (source === null) {
    return;
  }
  cell.model.sharedModel.setSource(source);
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  await NotebookActions.run(panel.content, panel.sessionContext);
}
