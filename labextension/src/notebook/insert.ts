/** Cells put into a notebook on behalf of the person who clicked. */
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Insert a code cell below the active one and start editing at its end. */
export function insertBelow(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, 'code');
  const cell = notebook.activeCell;
  cell?.model.sharedModel.setSource(source);
  const editor = cell?.editor;
  const end = editor?.getPositionAt(source.length);
  if (end) {
    editor?.setCursorPosition(end);
  }
  notebook.mode = 'edit';
}

/** Insert a code cell below the active one and run it. */
export async function insertAndRun(panel: NotebookPanel, source: string): Promise<void> {
  insertBelow(panel, source);
  panel.content.mode = 'command';
  await NotebookActions.run(panel.content, panel.sessionContext);
}

/** A cell that puts one prompt to several models; the prompt is left to the person. */
export function compareCell(panel: NotebookPanel, models: readonly string[]): void {
  insertBelow(panel, `%%llm --compare ${models.join(',')}\n`);
}
