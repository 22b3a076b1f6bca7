/** Places for small widgets inside a code cell. */
import { type CodeCell } from '@jupyterlab/cells';
import { PanelLayout, type Widget } from '@lumino/widgets';

/** Put a widget under a cell's input, or under its outputs. Does nothing in a cell without such a layout. */
export function placeInCell(cell: CodeCell, widget: Widget, where: 'input' | 'outputs'): void {
  const { layout } = cell;
  if (!(layout instanceof PanelLayout)) {
    return;
  }
  const anchor = where === 'input' ? 'jp-Cell-inputWrapper' : 'jp-Cell-outputWrapper';
  const index = layout.widgets.findIndex(child => child.hasClass(anchor));
  if (index >= 0) {
    layout.insertWidget(index + 1, widget);
  }
}
