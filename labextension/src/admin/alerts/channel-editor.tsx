import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import { type ChannelKind, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { type IField } from '../form/fields';
import { FieldRow } from '../form/field-row';
import { FieldsForm } from '../form/fields-form';
import { SchemaFields } from '../editing/schema-fields';
import { fieldsOf } from '../form/schema-fields';
import { textOf } from '../json';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { kindName, severityName } from './words';

/** A channel in its form. What kind it is, is chosen first and stays. */
export function ChannelEditor(props: {
  setting: Setting | null;
  kinds: readonly ChannelKind[];
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, kinds } = props;
  const [chosen, setChosen] = useState(textOf(setting?.body['channel']) || (kinds[0]?.name ?? ''));
  return (
    <KindEditor
      key={chosen}
      {...props}
      kind={chosen}
      choice={
        setting === null && (
          <FieldRow
            title={trans.__('By')}
            description={kinds.find(({ name }) => name === chosen)?.title}
          >
            {ids => (
              <select {...ids} value={chosen} onChange={event => setChosen(event.target.value)}>
                {kinds.map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </FieldRow>
        )
      }
    />
  );
}

function KindEditor(props: {
  setting: Setting | null;
  kinds: readonly ChannelKind[];
  taken: readonly string[];
  kind: string;
  choice: React.ReactNode;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, kinds, taken, kind, choice } = props;
  const schema = kinds.find(({ name }) => name === kind)?.config_schema;
  const form = useMemo(() => {
    const fields = fieldsOf(schema ?? {}).map(one => named(one, trans));
    const [own, common] = [fields.filter(one => !isCommon(one)), fields.filter(isCommon)];
    return new FieldsForm([...own, ...common], trans);
  }, [schema, trans]);
  const editor = useEditor('alerts', setting, form, { channel: kind });
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
          {choice}
          <SchemaFields form={form} editor={editor} faults={faults} isReadOnly={isReadOnly} />
        </Section>
      )}
    </SettingForm>
  );
}

/** Kinds and severities as the list of alerts calls them. */
function named(field: IField, trans: TranslationBundle): IField {
  const { input } = field;
  if (input.kind !== 'ticks') {
    return field;
  }
  const words = field.name === 'kinds' ? kindName : severityName;
  const labels = Object.fromEntries(input.options.map(one => [one, words(one, trans)]));
  return { ...field, input: { ...input, labels } };
}

/** What every channel has, and is right as it is for most: it stands below what only this kind has. */
function isCommon({ name }: IField): boolean {
  return ['kinds', 'severities', 'quiet', 'resolved', 'enabled'].includes(name);
}
