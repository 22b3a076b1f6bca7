import React, { useEffect, useId, useMemo } from 'react';

import { type Setting } from '../../api/admin-types';
import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldRow } from '../form/field-row';
import { SchemaField } from '../form/schema-field';
import { type Value } from '../form/values';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { RuleForm, type RuleKind } from './rule-form';
import { budgetSentence, limitSentence } from './rule-words';

/** A budget or a limit: whom it is about, how much, and in a sentence what that means. */
export function RuleEditor(props: {
  kind: RuleKind;
  setting: Setting | null;
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { kind, setting, taken } = props;
  const isBudget = kind === 'budgets';
  const form = useMemo(() => new RuleForm(kind, trans), [kind, trans]);
  const editor = useEditor(kind, setting, form, isBudget ? { scope: { user: '*' } } : {});
  const { state } = editor;
  const body = form.write(state);
  const names = useKnownNames();
  const listId = useId();
  const put = (name: string, value: Value): void =>
    editor.change({ ...state, values: { ...state.values, [name]: value } });
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="budgets"
      back={trans.__('Budgets and limits')}
      newTitle={isBudget ? trans.__('New budget') : trans.__('New limit')}
      nameHint={trans.__('What it is called here and in the record of changes.')}
      taken={taken}
      faultsOf={one => form.faults(one)}
      deletion={(one, close) => (
        <DeleteSetting
          kind={kind}
          page="budgets"
          setting={one}
          title={trans.__('Delete %1?', one.name)}
          consequence={isBudget ? budgetSentence(one.body, trans) : limitSentence(one.body, trans)}
          find={() => []}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <>
          <p className="jp-mesh-Sentence" aria-live="polite">
            {isBudget ? budgetSentence(body, trans) : limitSentence(body, trans)}
          </p>
          <Section title={isBudget ? trans.__('Money') : trans.__('Rates')}>
            {form.asked(state).map(field => (
              <SchemaField
                key={field.name}
                field={field}
                value={state.values[field.name]}
                fault={faults[field.name]}
                isReadOnly={isReadOnly}
                onChange={value => put(field.name, value)}
              />
            ))}
            {isBudget && (
              <FieldRow
                title={trans.__('Alerts at, per cent')}
                description={trans.__('Such as 80, 100.')}
                fault={faults['alert_at']}
              >
                {ids => (
                  <input
                    {...ids}
                    type="text"
                    className="jp-mod-short"
                    value={state.alerts}
                    readOnly={isReadOnly}
                    onChange={event => editor.change({ ...state, alerts: event.target.value })}
                  />
                )}
              </FieldRow>
            )}
          </Section>
          <Section
            title={trans.__('For')}
            hint={trans.__(
              'Whatever is given must match; “*” is each one apart; nothing at all is everybody together.'
            )}
          >
            {form.scope.map(({ name, title }) => (
              <FieldRow key={name} title={title}>
                {ids => (
                  <>
                    <input
                      {...ids}
                      type="text"
                      list={`${listId}-${name}`}
                      value={typeof state.values[name] === 'string' ? state.values[name] : ''}
                      readOnly={isReadOnly}
                      spellCheck={false}
                      onChange={event => put(name, event.target.value)}
                    />
                    <datalist id={`${listId}-${name}`}>
                      {(names[name] ?? []).map(one => (
                        <option key={one} value={one} />
                      ))}
                    </datalist>
                  </>
                )}
              </FieldRow>
            ))}
          </Section>
        </>
      )}
    </SettingForm>
  );
}

/** Names to choose from, where they are known. */
function useKnownNames(): Record<string, readonly string[]> {
  const { store } = useAdmin();
  const groups = useResource(store.settings('groups'));
  const connections = useResource(store.connections);
  const keys = useResource(store.keys);
  useEffect(() => {
    void Promise.all(
      [store.settings('groups'), store.connections, store.keys].map(one => one.refresh())
    );
  }, [store]);
  const statuses = connections.kind === 'ready' ? connections.value : [];
  const keyed = keys.kind === 'ready' ? keys.value : [];
  return {
    'scope.user': ['*', ...new Set(keyed.map(({ user }) => user))],
    'scope.group': groups.kind === 'ready' ? ['*', ...groups.value.map(({ name }) => name)] : ['*'],
    'scope.application': ['*', 'notebook', ...new Set(keyed.map(({ application }) => application))],
    'scope.key': ['*', ...keyed.map(({ name }) => name)],
    'scope.connection': statuses.map(({ name }) => name),
    'scope.model': statuses.flatMap(({ name, models }) => [`${name}/*`, ...models])
  };
}
