/** Cells put into a notebook on behalf of the person who clicked. */
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Insert a code cell below the active one and start editing at its end. */
export function insertBelow(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, 'code');
  writePrompt(panel, source);
}

/** Put the text into the active cell and start editing at its end, once the cell has an editor. */
export function writePrompt(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  const cell = notebook.activeCell;
  cell?.model.sharedModel.setSource(source);
  void cell?.ready.then(() => {
    if (cell === notebook.activeCell) {
      notebook.mode = 'edit';
      const end = cell.editor?.getPositionAt(source.length);
      if (end) {
        cell.editor?.setCursorPosition(end);
      }
    }
  });
}

/** Insert a code cell below the active one and run it. */
export async function insertAndRun(panel: NotebookPanel, source: string): Promise<void> {
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, 'code');
  notebook.activeCell?.model.sharedModel.setSource(source);
  await NotebookActions.run(notebook, panel.sessionContext);
}

/** A cell that puts one prompt to several models; the prompt is left to the person. */
export function compareCell(panel: NotebookPanel, models: readonly string[]): void {
  insertBelow(panel, `%%llm --compare ${models.join(',')}\n`);
}
