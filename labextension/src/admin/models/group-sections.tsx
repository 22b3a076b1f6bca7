import React from 'react';

import { useAdmin } from '../context';
import { type Faults } from '../form/faults';
import { FieldRow } from '../form/field-row';
import { linesOf } from '../form/values';
import { Section } from '../ui/page';
import { coverage } from './globs';
import { type IGroupState } from './group-form';
import { type IModelRow } from './model-rows';
import { PurposeLines } from './purpose-lines';

/** What every part of a group's form takes. */
interface IPart {
  state: IGroupState;
  isReadOnly: boolean;
  rows: readonly IModelRow[];
  faults: Faults;
  onChange: (state: IGroupState) => void;
}

/** Who is in it, and what they may use. */
export function GroupMembers(props: IPart): React.JSX.Element {
  const { trans } = useAdmin();
  const allow = linesOf(props.state.allow);
  const open = props.rows.filter(({ id }) => coverage(allow, id).kind !== 'closed').length;
  return (
    <Section title={trans.__('Members and models')}>
      <Lines
        {...props}
        name="members"
        title={trans.__('Members')}
        hint={trans.__(
          'Users and service accounts, one on each line. “*” is everybody; “hub:NAME” is the group NAME of JupyterHub.'
        )}
      />
      <AddMe {...props} />
      <Lines
        {...props}
        name="allow"
        title={trans.__('May use')}
        hint={trans._n(
          'Models and aliases, one on each line; patterns such as openai/* too. At present this opens %1 model.',
          'Models and aliases, one on each line; patterns such as openai/* too. At present this opens %1 models.',
          open
        )}
      />
    </Section>
  );
}

/** One's own name is written nowhere else, and an admin without a group may use nothing either. */
function AddMe({ state, isReadOnly, onChange }: IPart): React.JSX.Element | null {
  const { trans, store } = useAdmin();
  const me = store.me.value?.user;
  const members = linesOf(state.members);
  if (me === undefined || isReadOnly || members.includes(me) || members.includes('*')) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-mesh-Button"
      onClick={() => onChange({ ...state, members: [...members, me].join('\n') })}
    >
      {trans.__('Add me (%1)', me)}
    </button>
  );
}

/** What its calls may be for. */
export function GroupPurposes(props: IPart): React.JSX.Element {
  const { trans } = useAdmin();
  const { state, isReadOnly, rows, faults, onChange } = props;
  return (
    <Section title={trans.__('Purposes')}>
      <Lines
        {...props}
        name="purposes"
        title={trans.__('Purposes')}
        hint={trans.__('What its calls may be for, one on each line; none: anything may be said.')}
      />
      <Flag
        {...props}
        name="purposeRequired"
        title={trans.__('A purpose is needed')}
        hint={trans.__('Calls that name none are refused.')}
      />
      <PurposeLines
        lines={state.purposesFor}
        models={rows.filter(({ alias }) => alias === null).map(({ id }) => id)}
        purposes={linesOf(state.purposes)}
        fault={faults['purposes_for']}
        isReadOnly={isReadOnly}
        onChange={purposesFor => onChange({ ...state, purposesFor })}
      />
    </Section>
  );
}

/** Whose calls are seen by whom, and what keys of its members may carry. */
export function GroupRights(props: IPart): React.JSX.Element {
  const { trans } = useAdmin();
  const { state, isReadOnly, onChange } = props;
  const roles: readonly [string, string][] = [
    ['user', trans.__('to use models')],
    ['auditor', trans.__('to audit: they read every record')],
    ['admin', trans.__('to administer')]
  ];
  return (
    <Section title={trans.__('Rights')}>
      <Lines
        {...props}
        name="leads"
        title={trans.__('Leads')}
        hint={trans.__(
          'Who sees the record of the group’s calls and their cost, never what was said.'
        )}
      />
      <Flag
        {...props}
        name="membersSeeCalls"
        title={trans.__('Members see them, too')}
        hint={trans.__('Every member sees the record of the group’s calls.')}
      />
      <FieldRow
        title={trans.__('Keys may be made')}
        description={trans.__(
          'What keys of its members may carry at most. It gives nobody these rights by itself.'
        )}
      >
        {ids => (
          <select
            {...ids}
            value={state.role}
            disabled={isReadOnly}
            onChange={event => onChange({ ...state, role: event.target.value })}
          >
            {roles.map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        )}
      </FieldRow>
    </Section>
  );
}

function Lines(
  props: IPart & {
    name: 'members' | 'allow' | 'purposes' | 'leads';
    title: string;
    hint: string;
  }
): React.JSX.Element {
  const { state, name, isReadOnly, onChange } = props;
  return (
    <FieldRow title={props.title} description={props.hint}>
      {ids => (
        <textarea
          {...ids}
          rows={Math.min(10, Math.max(2, state[name].split('\n').length + 1))}
          value={state[name]}
          readOnly={isReadOnly}
          spellCheck={false}
          onChange={event => onChange({ ...state, [name]: event.target.value })}
        />
      )}
    </FieldRow>
  );
}

function Flag(
  props: IPart & { name: 'purposeRequired' | 'membersSeeCalls'; title: string; hint: string }
): React.JSX.Element {
  const { state, name, isReadOnly, onChange } = props;
  return (
    <FieldRow title={props.title} description={props.hint}>
      {ids => (
        <input
          {...ids}
          type="checkbox"
          checked={state[name]}
          disabled={isReadOnly}
          onChange={event => onChange({ ...state, [name]: event.target.checked })}
        />
      )}
    </FieldRow>
  );
}
