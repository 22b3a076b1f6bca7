import React, { useMemo } from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SchemaFields } from '../editing/schema-fields';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { isIdle, RaiseForm, raiseName, raiseSentence } from './raise-form';

/** More room in a budget until a moment. */
export function RaiseEditor(props: {
  setting: Setting | null;
  /** The budget it begins with. */
  start: string | undefined;
  budgets: readonly Setting[];
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, start, budgets, taken } = props;
  const named = useMemo(() => raisable(budgets).map(({ name }) => name), [budgets]);
  const form = useMemo(() => new RaiseForm(named, trans), [named, trans]);
  const editor = useEditor('raises', setting, form, { budget: start ?? named[0] ?? '' });
  const body = form.write(editor.state);
  const raised = budgets.find(({ name }) => name === body['budget']);
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="budgets"
      back={trans.__('Budgets and limits')}
      newTitle={trans.__('Raise a budget')}
      nameFor={state => raiseName(form.write(state), taken)}
      taken={taken}
      faultsOf={one => form.faults(one)}
      deletion={(one, close) => (
        <DeleteSetting
          kind="raises"
          page="budgets"
          setting={one}
          title={trans.__('End this raise?')}
          action={trans.__('End it')}
          consequence={trans.__('The budget’s own limit holds again at once.')}
          find={() => []}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <>
          <p className="jp-mesh-Sentence" aria-live="polite">
            {raiseSentence(body, trans)}{' '}
            {isIdle(body, raised?.body) && (
              <strong>{trans.__('Its own limit is no less: this changes nothing.')}</strong>
            )}
          </p>
          <Section title={trans.__('Raise')}>
            <SchemaFields form={form} editor={editor} faults={faults} isReadOnly={isReadOnly} />
          </Section>
        </>
      )}
    </SettingForm>
  );
}

/** Budgets that can be named: one of mesh.yaml may have no name of its own. */
export function raisable(budgets: readonly Setting[]): Setting[] {
  return budgets.filter(({ managed_by: by, body }) => by === 'admin' || body['name'] !== undefined);
}
