import React, { useMemo, useState } from 'react';

import { type ConnectionStatus, type ProviderKind, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { NameField } from '../editing/name-field';
import { SaveBar } from '../editing/save-bar';
import { useEditor } from '../editing/use-editor';
import { type Faults, nameFault } from '../form/faults';
import { FieldRow } from '../form/field-row';
import { type IField } from '../form/fields';
import { SchemaField } from '../form/schema-field';
import { type Values } from '../form/values';
import { isOurs, managedWords, NotInForce } from '../ui/managed';
import { ObjectHead, Section } from '../ui/page';
import { ConnectionForm } from './connection-form';
import { DeleteConnection } from './delete-connection';
import { ModelsTable } from './models-table';
import { TrialNote } from './trial-note';
import { useTrial } from './use-trial';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** One connection: made anew, changed, tried, removed; or only shown. */
export function ConnectionEditor(props: {
  setting: Setting | null;
  status: ConnectionStatus | undefined;
  providers: readonly ProviderKind[];
  taken: readonly string[];
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { setting, status, providers, taken } = props;
  const form = useMemo(() => new ConnectionForm(providers, trans), [providers, trans]);
  const start = { provider: usualProvider(providers) };
  const editor = useEditor('connections', setting, form, start);
  const [name, setName] = useState(setting?.name ?? '');
  const [faults, setFaults] = useState<Faults>({});
  const [isDeleting, setDeleting] = useState(false);
  const { trial, run } = useTrial();
  const { state } = editor;
  const isReadOnly = setting !== null && !isOurs(setting);
  const own = form.own(state.provider);
  const [plain, fine] = [asked(own.filter(one => !isFine(one))), own.filter(isFine)];
  const cards = useMemo(() => {
    const found = trial.kind === 'done' ? trial.test.cards : [];
    return new Map([...(status?.cards ?? []), ...found].map(card => [modelName(card.id), card]));
  }, [status, trial]);

  const check = (): boolean => {
    const wrongName = setting === null ? nameFault(name.trim(), taken, NAME, trans) : '';
    const wrong = { ...form.faults(state), ...(wrongName && { name: wrongName }) };
    setFaults(wrong);
    return Object.keys(wrong).length === 0;
  };
  const back = (): void => place.go({ page: 'connections' });
  const save = async (untried = false): Promise<void> => {
    if (check() && (await editor.save(name.trim(), { untried })) !== null) {
      back();
    }
  };
  const test = (): void => {
    const written = { connection: form.write(state), secrets: form.secrets(state) };
    void run(name.trim() || 'new', isReadOnly ? undefined : written);
  };
  const fields = (all: readonly IField[], part: 'own' | 'common'): React.ReactNode =>
    all.map(field => (
      <SchemaField
        key={field.name}
        field={field}
        value={state[part][field.name]}
        fault={faults[field.name]}
        isReadOnly={isReadOnly}
        onChange={value => {
          const values: Values = { ...state[part], [field.name]: value };
          editor.change({ ...state, [part]: values });
        }}
      />
    ));

  return (
    <form
      className="jp-mesh-Form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void save();
      }}
    >
      <ObjectHead
        title={setting?.name ?? trans.__('New connection')}
        back={trans.__('Connections')}
        spot={{ page: 'connections' }}
      />
      {isReadOnly && (
        <div className="jp-mesh-Notice">
          {trans.__(
            'This connection is %1: it is only shown here.',
            managedWords(setting.managed_by, trans)
          )}
        </div>
      )}
      {setting && <NotInForce setting={setting} />}
      <Section title={trans.__('Provider')}>
        {setting === null && (
          <NameField
            hint={trans.__('The first part of its models’ names: NAME/model.')}
            fault={faults['name']}
            name={name}
            setName={setName}
          />
        )}
        <FieldRow
          title={trans.__('Provider')}
          description={providers.find(one => one.name === state.provider)?.title}
          required
          fault={faults['provider']}
        >
          {ids => (
            <select
              {...ids}
              value={state.provider}
              disabled={isReadOnly}
              onChange={event => editor.change(form.withProvider(state, event.target.value))}
            >
              {!providers.some(one => one.name === state.provider) && (
                <option value={state.provider}>{state.provider}</option>
              )}
              {byLabel(providers).map(({ name: one, label, fault }) => (
                <option key={one} value={one} disabled={fault !== null}>
                  {fault === null ? label : trans.__('%1 (cannot be used: %2)', label, fault)}
                </option>
              ))}
            </select>
          )}
        </FieldRow>
        {fields(plain, 'own')}
        {fine.length > 0 && (
          <details className="jp-mesh-Details" open={fine.some(({ name: one }) => one in faults)}>
            <summary>{trans.__('More settings of this provider')}</summary>
            {fields(fine, 'own')}
          </details>
        )}
      </Section>
      <Section
        title={trans.__('Models')}
        hint={trans.__(
          '“Test” asks the provider for its list; it asks no model and costs nothing.'
        )}
        actions={
          <button
            type="button"
            className="jp-mesh-Button"
            disabled={trial.kind === 'running'}
            onClick={test}
          >
            {trans.__('Test')}
          </button>
        }
      >
        <TrialNote trial={trial} />
        <ModelsTable
          models={state.models}
          cards={cards}
          faults={faults}
          isReadOnly={isReadOnly}
          onChange={models => editor.change({ ...state, models })}
        />
      </Section>
      <Section title={trans.__('Use')}>{fields(form.common(state.provider), 'common')}</Section>
      {!isReadOnly && (
        <SaveBar editor={editor} hasFaults={Object.keys(faults).length > 0} onCancel={back}>
          {editor.wasTried && (
            <button
              type="button"
              className="jp-mesh-Button"
              disabled={editor.isSaving}
              onClick={() => void save(true)}
            >
              {trans.__('Save without trying')}
            </button>
          )}
          {setting !== null && (
            <button
              type="button"
              className="jp-mesh-Button jp-mod-danger"
              onClick={() => setDeleting(true)}
            >
              {trans.__('Delete…')}
            </button>
          )}
        </SaveBar>
      )}
      {isDeleting && editor.origin !== null && (
        <DeleteConnection setting={editor.origin} onClose={() => setDeleting(false)} />
      )}
    </form>
  );
}

/** Settings that are right as they are, nearly always: numbers, switches, and what says so. */
function isFine({ input, required, isRare }: IField): boolean {
  return !required && (isRare === true || ['number', 'duration', 'flag'].includes(input.kind));
}

/** What must be filled in stands first. */
function asked(fields: IField[]): IField[] {
  return [...fields.filter(one => one.required), ...fields.filter(one => !one.required)];
}

function byLabel(providers: readonly ProviderKind[]): ProviderKind[] {
  return [...providers].sort((one, other) => one.label.localeCompare(other.label));
}

function usualProvider(providers: readonly ProviderKind[]): string {
  const usable = providers.filter(({ fault }) => fault === null).map(({ name }) => name);
  return usable.find(name => name === 'openai_compatible') ?? usable[0] ?? '';
}

/** `connection/a/b` is the model `a/b`. */
function modelName(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}
