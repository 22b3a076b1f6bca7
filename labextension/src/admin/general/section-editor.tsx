import React, { useMemo } from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { type IForm } from '../editing/editor';
import { SchemaFields } from '../editing/schema-fields';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { Section as Part } from '../ui/page';
import {
  NEVER,
  type Section,
  sectionFields,
  sectionSentence,
  sectionTitle,
  unwrapped,
  wrapped
} from './sections';

/** One of the general settings. */
export function SectionEditor(props: { section: Section; setting: Setting }): React.JSX.Element {
  const { trans } = useAdmin();
  const { section, setting } = props;
  const fields = useMemo(
    () => new FieldsForm(sectionFields(section, trans), trans),
    [section, trans]
  );
  const form = useMemo<IForm<IFieldsState>>(
    () => ({
      read: body => fields.read(unwrapped(section, body)),
      write: state => wrapped(section, fields.write(state))
    }),
    [section, fields]
  );
  const editor = useEditor('general', setting, form);
  const isNever = editor.state.values[NEVER] === true;
  const asked = isNever ? fields.fields.filter(({ name }) => name === NEVER) : fields.fields;
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      title={sectionTitle(section, trans)}
      page="general"
      back={trans.__('General')}
      newTitle=""
      taken={[]}
      faultsOf={one => fields.faults(one)}
    >
      {(faults, isReadOnly) => (
        <>
          <p className="jp-mesh-Sentence" aria-live="polite">
            {sectionSentence(section, form.write(editor.state)['value'], trans)}
          </p>
          <Part title={trans.__('Setting')}>
            <SchemaFields
              form={{ fields: asked }}
              editor={editor}
              faults={faults}
              isReadOnly={isReadOnly}
            />
          </Part>
        </>
      )}
    </SettingForm>
  );
}
