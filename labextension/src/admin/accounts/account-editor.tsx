import React, { useMemo } from 'react';

import { type Key, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldsForm } from '../form/fields-form';
import { SchemaFields } from '../editing/schema-fields';
import { referencesToAccount } from '../references';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { AccountGroups } from './account-groups';
import { AccountKeys } from './account-keys';
import { fieldsOfAccount } from './account-fields';

/** One service account: who answers for it, and once it is there its groups and keys. */
export function AccountEditor(props: {
  setting: Setting | null;
  taken: readonly string[];
  groups: readonly Setting[];
  keys: readonly Key[];
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { setting, taken, groups, keys } = props;
  const form = useMemo(() => new FieldsForm(fieldsOfAccount(trans), trans), [trans]);
  const editor = useEditor('service_accounts', setting, form);
  return (
    <>
      <SettingForm
        editor={editor}
        setting={setting}
        page="accounts"
        back={trans.__('Service accounts')}
        newTitle={trans.__('New service account')}
        nameHint={trans.__('Its calls are recorded, counted and charged under this name.')}
        taken={taken}
        faultsOf={one => form.faults(one)}
        onMade={({ name }) =>
          place.go({ page: 'accounts', open: { kind: 'service_accounts', name } })
        }
        deletion={(one, close) => (
          <DeleteSetting
            kind="service_accounts"
            page="accounts"
            setting={one}
            title={trans.__('Delete the service account %1?', one.name)}
            consequence={trans.__('What it has asked and spent stays on record.')}
            find={referencesToAccount}
            blocks={({ kind }) => kind === 'key'}
            blocked={trans.__(
              'Its keys would go on working, as those of a person. Revoke them first, or switch it off:'
            )}
            onClose={close}
          />
        )}
      >
        {(faults, isReadOnly) => (
          <Section title={trans.__('Account')}>
            <SchemaFields form={form} editor={editor} faults={faults} isReadOnly={isReadOnly} />
          </Section>
        )}
      </SettingForm>
      {setting !== null && (
        <>
          <AccountGroups name={setting.name} groups={groups} />
          <AccountKeys name={setting.name} keys={keys} />
        </>
      )}
    </>
  );
}
