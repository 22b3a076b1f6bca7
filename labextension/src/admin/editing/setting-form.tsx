import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { type Faults, nameFault } from '../form/faults';
import { type Page } from '../place';
import { isOurs, managedWords, NotInForce } from '../ui/managed';
import { ObjectHead } from '../ui/page';
import { type Editor } from './editor';
import { NameField } from './name-field';
import { SaveBar } from './save-bar';

/** A name of anything that stands in no path: all that can be read. */
export const ANY_NAME = /^\S(.{0,98}\S)?$/;

/** The frame of a form: name, fields, saving, removing. */
export function SettingForm<S>(props: {
  editor: Editor<S>;
  setting: Setting | null;
  page: Page;
  /** What the page is called, for the way back. */
  back: string;
  newTitle: string;
  /** Where it is called otherwise than by its name. */
  title?: string;
  nameHint?: string;
  nameForm?: RegExp;
  /** The name of one that is new, where nobody is asked for it. */
  nameFor?: (state: S) => string;
  taken: readonly string[];
  faultsOf: (state: S) => Faults;
  /** Where one goes once it is made; by default back to the page. */
  onMade?: (made: Setting) => void;
  /** The dialog that asks before it is removed; without it, it cannot be. */
  deletion?: (setting: Setting, close: () => void) => React.ReactNode;
  children: (faults: Faults, isReadOnly: boolean) => React.ReactNode;
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { editor, setting, page } = props;
  const [name, setName] = useState(setting?.name ?? '');
  const [faults, setFaults] = useState<Faults>({});
  const [isDeleting, setDeleting] = useState(false);
  const isReadOnly = setting !== null && !isOurs(setting);
  const back = (): void => place.go({ page });
  const save = async (): Promise<void> => {
    const form = props.nameForm ?? ANY_NAME;
    const isAsked = setting === null && props.nameFor === undefined;
    const wrongName = isAsked ? nameFault(name.trim(), props.taken, form, trans) : '';
    const wrong = { ...props.faultsOf(editor.state), ...(wrongName && { name: wrongName }) };
    setFaults(wrong);
    if (Object.keys(wrong).length > 0) {
      return;
    }
    const made = setting === null ? props.nameFor?.(editor.state) : undefined;
    const saved = await editor.save(made ?? name.trim());
    if (saved !== null) {
      const go = setting === null && props.onMade ? props.onMade : back;
      go(saved);
    }
  };
  return (
    <form
      className="jp-mesh-Form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void save();
      }}
    >
      <ObjectHead
        title={props.title ?? setting?.name ?? props.newTitle}
        back={props.back}
        spot={{ page }}
      />
      {isReadOnly && (
        <div className="jp-mesh-Notice">
          {trans.__('This is %1: it is only shown here.', managedWords(setting.managed_by, trans))}
        </div>
      )}
      {setting && <NotInForce setting={setting} />}
      {setting === null && props.nameFor === undefined && (
        <NameField
          hint={props.nameHint ?? ''}
          fault={faults['name']}
          name={name}
          setName={setName}
        />
      )}
      {props.children(faults, isReadOnly)}
      {!isReadOnly && (
        <SaveBar editor={editor} hasFaults={Object.keys(faults).length > 0} onCancel={back}>
          {setting !== null && props.deletion && (
            <button
              type="button"
              className="jp-mesh-Button jp-mod-danger"
              onClick={() => setDeleting(true)}
            >
              {trans.__('Delete…')}
            </button>
          )}
        </SaveBar>
      )}
      {isDeleting && editor.origin && props.deletion?.(editor.origin, () => setDeleting(false))}
    </form>
  );
}
