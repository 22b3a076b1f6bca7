import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { referencesToGroup } from '../references';
import { DeleteSetting } from '../ui/delete-setting';
import { groupFaults, groupForm } from './group-form';
import { GroupMembers, GroupPurposes, GroupRights } from './group-sections';
import { type IModelRow } from './model-rows';

/** Who is in a group, what its members may use and for what, and what they see. */
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
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="models"
      back={trans.__('Models and permissions')}
      newTitle={trans.__('New group')}
      nameHint={trans.__('Such as analysts. Budgets and keys name it, too.')}
      taken={taken}
      faultsOf={one => groupFaults(one, trans)}
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
      {(faults, isReadOnly) => {
        const part = {
          state: editor.state,
          isReadOnly,
          rows,
          faults,
          onChange: editor.change.bind(editor)
        };
        return (
          <>
            {isFirst && (
              <div className="jp-mesh-Notice jp-mod-warn">
                {trans.__(
                  'This is the first group. Once it is saved, people may use only what their groups allow: you, too. A member “*” is everybody.'
                )}
              </div>
            )}
            <GroupMembers {...part} />
            <GroupPurposes {...part} />
            <GroupRights {...part} />
          </>
        );
      }}
    </SettingForm>
  );
}
