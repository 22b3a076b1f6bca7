import React from 'react';

import { type Faults } from '../form/faults';
import { type IField } from '../form/fields';
import { type IFieldsState } from '../form/fields-form';
import { SchemaField } from '../form/schema-field';
import { type Editor } from './editor';

/** The inputs of a form that is a plain list of fields. */
export function SchemaFields<S extends IFieldsState>(props: {
  form: { fields: readonly IField[] };
  editor: Editor<S>;
  faults: Faults;
  isReadOnly: boolean;
}): React.JSX.Element {
  const { form, editor, faults, isReadOnly } = props;
  const { state } = editor;
  return (
    <>
      {form.fields.map(field => (
        <SchemaField
          key={field.name}
          field={field}
          value={state.values[field.name]}
          fault={faults[field.name]}
          isReadOnly={isReadOnly}
          onChange={value =>
            editor.change({ ...state, values: { ...state.values, [field.name]: value } })
          }
        />
      ))}
    </>
  );
}
