import React from 'react';

import { useAdmin } from '../context';
import { FieldRow } from '../form/field-row';

/** The name of an object that is new; it has the focus. */
export function NameField(props: {
  hint: string;
  fault: string | undefined;
  name: string;
  setName: (name: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <FieldRow title={trans.__('Name')} description={props.hint} required fault={props.fault}>
      {ids => (
        <input
          {...ids}
          type="text"
          value={props.name}
          autoFocus
          spellCheck={false}
          onChange={event => props.setName(event.target.value)}
        />
      )}
    </FieldRow>
  );
}
