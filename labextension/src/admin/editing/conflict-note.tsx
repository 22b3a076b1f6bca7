import React from 'react';

import { useAdmin } from '../context';
import { type Editor } from './editor';

/** Somebody else was first: what they did, and the two ways on. What was typed is still there. */
export function ConflictNote<S>({ editor }: { editor: Editor<S> }): React.JSX.Element | null {
  const { trans } = useAdmin();
  const { conflict, clashes } = editor;
  if (conflict === null) {
    return clashes.length === 0 ? null : (
      <div className="jp-mesh-Notice jp-mod-warn" role="status">
        {trans.__(
          'Both changed: %1. What you typed stands here; saving puts it in the place of theirs.',
          clashes.join(', ')
        )}
      </div>
    );
  }
  const { theirs } = conflict;
  return (
    <div className="jp-mesh-Notice jp-mod-warn" role="alert">
      <strong>
        {theirs === null
          ? trans.__('Somebody else has removed it in between.')
          : editor.origin === null
            ? trans.__('There is already one of this name.')
            : trans.__('%1 has changed it in between.', theirs.changed_by ?? trans.__('Somebody'))}
      </strong>{' '}
      {trans.__('Nothing was saved, and what you typed is still here.')}
      <div className="jp-mesh-Notice-buttons">
        <button type="button" className="jp-mesh-Button" onClick={() => editor.loadAgain()}>
          {theirs === null
            ? trans.__('Make it again from what I typed')
            : trans.__('Load again, keep what I typed')}
        </button>
        {theirs !== null && (
          <button type="button" className="jp-mesh-Button" onClick={() => editor.discard()}>
            {trans.__('Discard what I typed')}
          </button>
        )}
      </div>
    </div>
  );
}
