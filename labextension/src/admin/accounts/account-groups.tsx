import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { textsOf } from '../json';
import { isOurs, managedWords } from '../ui/managed';
import { Section } from '../ui/page';
import { membersWith, membershipIn } from './accounts';

/** The groups it stands in: they say what it may use. A tick is saved at once. */
export function AccountGroups(props: {
  name: string;
  groups: readonly Setting[];
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { name, groups } = props;
  const [busy, setBusy] = useState('');
  const [failure, setFailure] = useState('');
  const turn = async (group: Setting, isMember: boolean): Promise<void> => {
    setBusy(group.name);
    setFailure('');
    try {
      const body = { ...group.body, members: membersWith(group, name, isMember) };
      await store.put('groups', group.name, { body, version: group.version });
    } catch (reason) {
      setFailure(failureWords(asMeshError(reason), trans));
      await store.settings('groups').renew();
    }
    setBusy('');
  };
  return (
    <Section
      title={trans.__('Groups')}
      hint={trans.__('They say which models it may use. A tick is saved at once.')}
    >
      {failure && (
        <div className="jp-mesh-Notice jp-mod-error" role="alert">
          {failure}
        </div>
      )}
      {groups.length === 0 && (
        <EmptyNote>{trans.__('There is no group yet: every model is open to it.')}</EmptyNote>
      )}
      <ul className="jp-mesh-Memberships">
        {groups.map(group => {
          const membership = membershipIn(group, name);
          const why =
            membership === 'everybody'
              ? trans.__('everybody is in it')
              : isOurs(group)
                ? ''
                : managedWords(group.managed_by, trans);
          return (
            <li key={group.name}>
              <label className="jp-mesh-Tick">
                <input
                  type="checkbox"
                  checked={membership !== 'none'}
                  disabled={why !== '' || busy !== ''}
                  onChange={event => void turn(group, event.target.checked)}
                />
                <bdi>{group.name}</bdi>
              </label>
              <span className="jp-mesh-dim">
                {[textsOf(group.body['allow']).join(', '), why].filter(Boolean).join(' · ')}
              </span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
