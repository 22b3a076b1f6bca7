import React from 'react';

import { useAdmin } from '../context';
import { ConflictNote } from './conflict-note';
import { type Editor } from './editor';
import { failureWords } from './failure-words';

/** The end of every form: why it was not saved, Save, and what else the form offers. */
export function SaveBar<S>(props: {
  editor: Editor<S>;
  /** What is wrong was said beside the inputs; shown once Save was tried. */
  hasFaults: boolean;
  children?: React.ReactNode;
  onCancel: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { editor, hasFaults } = props;
  return (
    <div className="jp-mesh-SaveBar">
      <ConflictNote editor={editor} />
      {editor.error !== null && (
        <div className="jp-mesh-Notice jp-mod-error" role="alert">
          {failureWords(editor.error, trans)}
        </div>
      )}
      {hasFaults && (
        <div className="jp-mesh-Notice jp-mod-error" role="alert">
          {trans.__('Not saved: see what is said beside the inputs.')}
        </div>
      )}
      <div className="jp-mesh-SaveBar-buttons">
        <button
          type="submit"
          className="jp-mesh-Button jp-mod-primary"
          disabled={editor.isSaving || (editor.origin !== null && !editor.isDirty)}
        >
          {editor.isSaving ? trans.__('Saving…') : trans.__('Save')}
        </button>
        <button type="button" className="jp-mesh-Button" onClick={props.onCancel}>
          {editor.isDirty ? trans.__('Cancel') : trans.__('Close')}
        </button>
        <span className="jp-mesh-SaveBar-more">{props.children}</span>
      </div>
    </div>
  );
}
