import React, { useMemo } from 'react';

import { type ChannelKind, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SchemaFields } from '../editing/schema-fields';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldRow } from '../form/field-row';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { ChannelForm } from './channel-form';

/** A channel in its form. What kind it is, is chosen first and stays once it is saved. */
export function ChannelEditor(props: {
  setting: Setting | null;
  kinds: readonly ChannelKind[];
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, kinds, taken } = props;
  const form = useMemo(() => new ChannelForm(kinds, trans), [kinds, trans]);
  const editor = useEditor('alerts', setting, form, { channel: kinds[0]?.name ?? '' });
  const { kind } = editor.state;
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="alerts"
      back={trans.__('Alerts')}
      newTitle={trans.__('New channel')}
      nameHint={trans.__('What it is called here, such as “on-call”.')}
      taken={taken}
      faultsOf={one => form.faults(one)}
      deletion={(one, close) => (
        <DeleteSetting
          kind="alerts"
          page="alerts"
          setting={one}
          title={trans.__('Delete %1?', one.name)}
          consequence={trans.__('Nobody is told over this channel any more.')}
          find={() => []}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <Section title={trans.__('Channel')}>
          {setting === null && (
            <FieldRow
              title={trans.__('By')}
              description={kinds.find(({ name }) => name === kind)?.title}
            >
              {ids => (
                <select
                  {...ids}
                  value={kind}
                  onChange={event => editor.change(form.withKind(editor.state, event.target.value))}
                >
                  {kinds.map(({ name }) => (
                    <option key={name} value={name}>
                      {name}
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
