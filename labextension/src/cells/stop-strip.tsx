import { stopIcon } from '@jupyterlab/ui-components';
import { type CodeCell } from '@jupyterlab/cells';
import { type NotebookPanel } from '@jupyterlab/notebook';
import React, { useState } from 'react';

import { MeshWidget } from '../ui/mesh-widget';
import { type ISurroundings, useSurroundings } from '../ui/surroundings';
import { placeInCell } from './below-input';

/** How long a cell runs before the button comes: an answer from the cache needs none. Milliseconds. */
const PATIENCE = 400;

/** Show a stop button under the input of a cell for as long as it runs. */
export function showWhileRunning(
  surroundings: ISurroundings,
  panel: NotebookPanel,
  cell: CodeCell
): void {
  let strip: MeshWidget | null = null;
  const timer = setTimeout(() => {
    if (!cell.isDisposed) {
      strip = new MeshWidget(surroundings, <StopStrip panel={panel} />);
      strip.addClass('jp-mesh-StopStrip');
      placeInCell(cell, strip, 'input');
    }
  }, PATIENCE);
  const end = (): void => {
    clearTimeout(timer);
    cell.model?.stateChanged.disconnect(onState);
    strip?.dispose();
  };
  const onState = (_: unknown, change: { name: string; newValue: unknown }): void => {
    if (change.name === 'executionState' && change.newValue === 'idle') {
      end();
    }
  };
  cell.model.stateChanged.connect(onState);
  cell.disposed.connect(end);
}

function StopStrip({ panel }: { panel: NotebookPanel }): React.JSX.Element {
  const { trans } = useSurroundings();
  const [stopping, setStopping] = useState(false);
  const stop = (): void => {
    setStopping(true);
    void panel.sessionContext.session?.kernel?.interrupt();
  };
  return (
    <button
      type="button"
      className="jp-mesh-Button"
      disabled={stopping}
      aria-label={trans.__('Stop the model call')}
      onClick={stop}
    >
      <stopIcon.react tag="span" width="14px" height="14px" />
      {stopping ? trans.__('Stopping…') : trans.__('Stop')}
    </button>
  );
}
