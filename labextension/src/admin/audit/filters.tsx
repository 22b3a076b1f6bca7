import React, { useId, useState } from 'react';

import { outcomeName } from '../../sidebar/calls/outcome';
import { type Outcome } from '../../api/types';
import { useAdmin } from '../context';
import { type View } from '../place';
import { Segments } from '../ui/segments';
import { useViewChange } from '../use-view';
import { DAYS, narrowing, type SearchField, TEXTS, type Whose, whoseOpenTo } from './search';

const OUTCOMES: readonly Outcome[] = [
  'answered',
  'cached',
  'refused',
  'blocked',
  'failed',
  'aborted',
  'interrupted',
  'pending'
];

/** What narrows the list; a field holds when it is left or Enter is pressed. */
export function Filters(props: {
  view: View;
  whose: Whose;
  scopes: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const change = useViewChange();
  const { view, whose, scopes } = props;
  const text = (name: SearchField, label: string, type = 'text'): React.JSX.Element => (
    <FilterInput key={`${name}=${view[name] ?? ''}`} {...{ name, label, type, view }} />
  );
  const open = whoseOpenTo(scopes);
  const names: Record<Whose, string> = {
    own: trans.__('Mine'),
    team: trans.__('My groups’'),
    all: trans.__('Everybody’s')
  };
  const isOwn = whose === 'own';
  return (
    <div className="jp-mesh-CallSearch" role="search" aria-label={trans.__('Find calls')}>
      {open.length > 1 && (
        <Segments
          label={trans.__('Whose calls')}
          options={open.map(one => [one, names[one]] as const)}
          value={whose}
          onChange={chosen => change({ whose: chosen })}
        />
      )}
      <div className="jp-mesh-CallSearch-fields">
        {text('from', trans.__('From'), 'date')}
        {text('to', trans.__('To'), 'date')}
        {!isOwn && text('user', trans.__('User'))}
        {!isOwn && text('group', trans.__('Group'))}
        {text('application', trans.__('Application'))}
        {text('model', trans.__('Model'))}
        {text('purpose', trans.__('Purpose'))}
        <Choice
          name="outcome"
          label={trans.__('Outcome')}
          view={view}
          options={OUTCOMES.map(one => [one, outcomeName(one, trans)])}
        />
        {text('min_cost_usd', trans.__('Cost from $'))}
        {text('key', trans.__('API key'))}
        {text('document', trans.__('Document'))}
        {text('finding', trans.__('Found'))}
        <Choice
          name="has_finding"
          label={trans.__('Guards')}
          view={view}
          options={[
            ['true', trans.__('found something')],
            ['false', trans.__('found nothing')]
          ]}
        />
      </div>
      {narrowing(view) > 0 && (
        <button
          type="button"
          className="jp-mesh-Link"
          onClick={() =>
            change(Object.fromEntries([...TEXTS, ...DAYS].map(name => [name, null] as const)))
          }
        >
          {trans.__('Clear all fields')}
        </button>
      )}
    </div>
  );
}

function FilterInput(props: {
  name: SearchField;
  label: string;
  type: string;
  view: View;
}): React.JSX.Element {
  const change = useViewChange();
  const { name, label, type, view } = props;
  const held = view[name] ?? '';
  const [typed, setTyped] = useState(held);
  const id = useId();
  const hold = (): void => {
    if (typed.trim() !== held) {
      change({ [name]: typed.trim() === '' ? null : typed.trim() });
    }
  };
  return (
    <label htmlFor={id}>
      <span>{label}</span>
      <input
        id={id}
        type={type}
        inputMode={name === 'min_cost_usd' ? 'decimal' : undefined}
        value={typed}
        spellCheck={false}
        autoComplete="off"
        onChange={event => setTyped(event.target.value)}
        onBlur={hold}
        onKeyDown={event => event.key === 'Enter' && hold()}
      />
    </label>
  );
}

function Choice(props: {
  name: SearchField;
  label: string;
  view: View;
  options: readonly (readonly [value: string, name: string])[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const change = useViewChange();
  const { name, label, view, options } = props;
  return (
    <label>
      <span>{label}</span>
      <select
        value={view[name] ?? ''}
        onChange={event => change({ [name]: event.target.value || null })}
      >
        <option value="">{trans.__('any')}</option>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
