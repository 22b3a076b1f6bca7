import React, { useMemo } from 'react';

import { type GuardForms, type GuardKind, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SchemaFields } from '../editing/schema-fields';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldRow } from '../form/field-row';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { GuardForm } from './guard-form';

/** The kind that a form begins with: it needs nothing but what is typed. */
const USUAL = 'expressions';

/** A guard in its form. What kind it is, is chosen first and stays once it is saved. */
export function GuardEditor(props: {
  setting: Setting | null;
  forms: GuardForms;
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, forms, taken } = props;
  const kinds = forms.kinds.filter(({ fault }) => (fault ?? null) === null);
  const form = useMemo(() => new GuardForm(forms.kinds, trans), [forms, trans]);
  const editor = useEditor('guards', setting, form, {
    guard: (kinds.find(({ name }) => name === USUAL) ?? kinds[0])?.name ?? ''
  });
  const { kind } = editor.state;
  const chosen = forms.kinds.find(({ name }) => name === kind);
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="guards"
      back={trans.__('Guards')}
      newTitle={trans.__('New guard')}
      nameHint={trans.__('What rules call it, such as “customers”.')}
      taken={[...taken, ...forms.in_force.filter(one => one.standard).map(({ name }) => name)]}
      faultsOf={one => form.faults(one)}
      deletion={(one, close) => (
        <DeleteSetting
          kind="guards"
          page="guards"
          setting={one}
          title={trans.__('Delete %1?', one.name)}
          consequence={trans.__('It finds nothing any more. A rule that uses it must go first.')}
          find={() => []}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <Section title={trans.__('Guard')} {...(setting && chosen && { hint: chosen.title })}>
          {setting === null && (
            <FieldRow
              title={trans.__('Kind')}
              {...(chosen && { description: `${finds(chosen, trans)} ${chosen.title}.` })}
            >
              {ids => (
                <select
                  {...ids}
                  value={kind}
                  onChange={event => editor.change(form.withKind(editor.state, event.target.value))}
                >
                  {kinds.map(({ name }) => (
                    <option key={name} value={name}>
                      {name.replaceAll('_', ' ')}
                    </option>
                  ))}
                </select>
              )}
            </FieldRow>
          )}
          <SchemaFields
            form={form.of(kind)}
            editor={editor}
            faults={faults}
            isReadOnly={isReadOnly}
          />
        </Section>
      )}
    </SettingForm>
  );
}

function finds({ finds: what }: GuardKind, trans: ReturnType<typeof useAdmin>['trans']): string {
  return what === 'spans'
    ? trans.__('A detector, for screening rules.')
    : trans.__('A judge, for moderation rules.');
}
