import React, { useMemo } from 'react';

import { type Body, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { type Faults } from '../form/faults';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { SchemaFields } from '../editing/schema-fields';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { dayFault, fieldsOfUse } from './use-case-fields';

/** What is declared of a use. What was seen of it stands in the list and is nobody's to write. */
export function UseCaseEditor(props: {
  setting: Setting | null;
  start: Body;
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, start, taken } = props;
  const form = useMemo(() => new FieldsForm(fieldsOfUse(trans), trans), [trans]);
  const editor = useEditor('use_cases', setting, form, start);
  const faultsOf = (one: IFieldsState): Faults => {
    const { since } = one.values;
    const wrongDay = dayFault(typeof since === 'string' ? since : '', trans);
    return { ...form.faults(one), ...(wrongDay !== '' && { since: wrongDay }) };
  };
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="inventory"
      back={trans.__('Inventory')}
      newTitle={trans.__('Declare a use')}
      nameHint={trans.__('What people call it, such as “invoice reader”.')}
      taken={taken}
      faultsOf={faultsOf}
      deletion={(one, close) => (
        <DeleteSetting
          kind="use_cases"
          page="inventory"
          setting={one}
          title={trans.__('Delete what is declared of %1?', one.name)}
          consequence={trans.__(
            'Its calls go on, as a use that nobody has declared; if it is switched off, it is on again.'
          )}
          find={() => []}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <Section title={trans.__('Declared')}>
          <SchemaFields form={form} editor={editor} faults={faults} isReadOnly={isReadOnly} />
        </Section>
      )}
    </SettingForm>
  );
}
