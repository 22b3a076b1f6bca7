import React from 'react';

import { useSurroundings } from '../../ui/surroundings';

export interface ICompareBar {
  /** The models selected so far; null while nothing is being compared. */
  chosen: ReadonlySet<string> | null;
  /** False where no notebook is open that could take the cell. */
  canInsert: boolean;
  onStart: () => void;
  onCancel: () => void;
  onInsert: (ids: readonly string[]) => void;
}

/** “Compare…” selects several models and puts a `%%llm --compare` cell into the notebook. */
export function CompareBar(props: ICompareBar): React.JSX.Element {
  const { trans } = useSurroundings();
  const { chosen, canInsert } = props;
  if (chosen === null) {
    return (
      <div className="jp-mesh-CompareBar">
        <button type="button" className="jp-mesh-Link" onClick={props.onStart}>
          {trans.__('Compare…')}
        </button>
      </div>
    );
  }
  return (
    <div className="jp-mesh-CompareBar" role="group" aria-label={trans.__('Compare models')}>
      <span aria-live="polite" className="jp-mesh-CompareBar-text">
        {compareText(chosen.size, canInsert, trans)}
      </span>
      <button type="button" className="jp-mesh-Link" onClick={props.onCancel}>
        {trans.__('Cancel')}
      </button>
      <button
        type="button"
        className="jp-mesh-Button"
        disabled={chosen.size < 2 || !canInsert}
        onClick={() => props.onInsert([...chosen])}
      >
        {trans.__('Insert cell')}
      </button>
    </div>
  );
}

function compareText(
  count: number,
  canInsert: boolean,
  trans: ReturnType<typeof useSurroundings>['trans']
): string {
  if (!canInsert) {
    return trans.__('Open a notebook to compare in.');
  }
  return count < 2 ? trans.__('Tick two or more.') : trans.__('%1 models', count);
}
