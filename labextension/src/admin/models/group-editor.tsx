import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldRow } from '../form/field-row';
import { linesOf } from '../form/values';
import { referencesToGroup } from '../references';
import { DeleteSetting } from '../ui/delete-setting';
import { Section } from '../ui/page';
import { coverage } from './globs';
import { groupForm } from './group-form';
import { type IModelRow } from './model-rows';

/** Who is in a group, and what its members may use and must say. */
export function GroupEditor(props: {
  setting: Setting | null;
  taken: readonly string[];
  rows: readonly IModelRow[];
  /** There is no group yet: so far everything was open to everybody. */
  isFirst: boolean;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, taken, rows, isFirst } = props;
  const editor = useEditor('groups', setting, groupForm, { members: [], allow: ['*'] });
  const { state } = editor;
  const allow = linesOf(state.allow);
  const open = rows.filter(({ id }) => coverage(allow, id).kind !== 'closed').length;
  const lines = (
    name: 'members' | 'allow' | 'purposes',
    title: string,
    hint: string,
    isReadOnly: boolean
  ): React.JSX.Element => (
    <FieldRow title={title} description={hint}>
      {ids => (
        <textarea
          {...ids}
          rows={Math.min(10, Math.max(3, state[name].split('\n').length + 1))}
          value={state[name]}
          readOnly={isReadOnly}
          spellCheck={false}
          onChange={event => editor.change({ ...state, [name]: event.target.value })}
        />
      )}
    </FieldRow>
  );
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="models"
      back={trans.__('Models and permissions')}
      newTitle={trans.__('New group')}
      nameHint={trans.__('Such as analysts. Budgets and keys name it, too.')}
      taken={taken}
      faultsOf={() => ({})}
      deletion={(one, close) => (
        <DeleteSetting
          kind="groups"
          page="models"
          setting={one}
          title={trans.__('Delete the group %1?', one.name)}
          consequence={trans.__(
            'Its members lose what only this group allows, at once. Without any group every model is open to everybody.'
          )}
          find={referencesToGroup}
          onClose={close}
        />
      )}
    >
      {(_, isReadOnly) => (
        <>
          {isFirst && (
            <div className="jp-mesh-Notice jp-mod-warn">
              {trans.__(
                'This is the first group. Once it is saved, people may use only what their groups allow: you, too. A member “*” is everybody.'
              )}
            </div>
          )}
          <Section title={trans.__('Members and rights')}>
            {lines(
              'members',
              trans.__('Members'),
              trans.__(
                'User names, one on each line. “*” is everybody; “hub:NAME” is the group NAME of JupyterHub.'
              ),
              isReadOnly
            )}
            {lines(
              'allow',
              trans.__('May use'),
              trans._n(
                'Models and aliases, one on each line; patterns such as openai/* too. At present this opens %1 model.',
                'Models and aliases, one on each line; patterns such as openai/* too. At present this opens %1 models.',
                open
              ),
              isReadOnly
            )}
            {lines(
              'purposes',
              trans.__('Purposes'),
              trans.__('What its calls may be for, one on each line; none: anything may be said.'),
              isReadOnly
            )}
            <FieldRow
              title={trans.__('A purpose is needed')}
              description={trans.__('Calls that name none are refused.')}
            >
              {ids => (
                <input
                  {...ids}
                  type="checkbox"
                  checked={state.purposeRequired}
                  disabled={isReadOnly}
                  onChange={event =>
                    editor.change({ ...state, purposeRequired: event.target.checked })
                  }
                />
              )}
            </FieldRow>
          </Section>
        </>
      )}
    </SettingForm>
  );
}
