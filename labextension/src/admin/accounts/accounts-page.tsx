import React, { useState } from 'react';

import { type Key, type Setting } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Loaded } from '../ui/loaded';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { AccountEditor } from './account-editor';
import { AccountTable } from './account-table';
import { SwitchAccount } from './switch-account';

/** Programs that ask in their own name. */
export function AccountsPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { store } = useAdmin();
  return (
    <Loaded resource={store.settings('service_accounts')}>
      {accounts => (
        <Loaded resource={store.settings('groups')}>
          {groups => (
            <Loaded resource={store.keys}>
              {keys => {
                if (open === undefined) {
                  return <Accounts accounts={accounts} groups={groups} keys={keys} />;
                }
                const setting = accounts.find(({ name }) => name === open.name) ?? null;
                return open.name !== '' && setting === null ? (
                  <Missing name={open.name} page="accounts" />
                ) : (
                  <AccountEditor
                    key={open.name}
                    setting={setting}
                    taken={accounts.map(({ name }) => name)}
                    groups={groups}
                    keys={keys}
                  />
                );
              }}
            </Loaded>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function Accounts(props: {
  accounts: readonly Setting[];
  groups: readonly Setting[];
  keys: readonly Key[];
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { accounts } = props;
  const [switching, setSwitching] = useState<Setting | null>(null);
  return (
    <>
      <PageHead
        title={trans.__('Service accounts')}
        actions={
          <button
            type="button"
            className="jp-mesh-Button jp-mod-primary"
            onClick={() =>
              place.go({ page: 'accounts', open: { kind: 'service_accounts', name: '' } })
            }
          >
            {trans.__('New service account')}
          </button>
        }
      >
        {trans.__(
          'Programs that ask in their own name: with keys, groups, budgets and a line in every report. It stays when its keys are replaced, and one switch refuses them all.'
        )}
      </PageHead>
      {accounts.length === 0 ? (
        <EmptyNote>{trans.__('There is no service account yet.')}</EmptyNote>
      ) : (
        <AccountTable {...props} onSwitch={setSwitching} />
      )}
      {switching !== null && (
        <SwitchAccount setting={switching} keys={props.keys} onClose={() => setSwitching(null)} />
      )}
    </>
  );
}
