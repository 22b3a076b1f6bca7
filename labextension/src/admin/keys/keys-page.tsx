import React, { useState } from 'react';

import { type Key } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { Loaded } from '../ui/loaded';
import { PageHead } from '../ui/page';
import { ClientHelp } from './client-help';
import { KeyMaker } from './key-maker';
import { KeyTable } from './key-table';
import { RevokeKey } from './revoke-key';

/** Keys by which applications ask without a person. */
export function KeysPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { open, view = {} } = props;
  // Whoever is here by a key and no admin gets another one from an admin; on a hub everybody is here by name.
  const me = store.me.value;
  const mayMake = me?.host === 'hub' || (me?.scopes.includes('admin') ?? false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  return (
    <Loaded resource={store.keys}>
      {keys => {
        if (open !== undefined) {
          const renewed = keys.find(({ name }) => name === view['renews']) ?? null;
          const taken = keys.map(({ name }) => name);
          return (
            <KeyMaker
              key={renewed?.name}
              taken={taken}
              user={view['user'] ?? ''}
              renewed={renewed}
            />
          );
        }
        return (
          <>
            <PageHead
              title={trans.__('API keys')}
              actions={
                mayMake && (
                  <button
                    type="button"
                    className="jp-mesh-Button jp-mod-primary"
                    onClick={() => place.go({ page: 'keys', open: { kind: 'keys', name: '' } })}
                  >
                    {trans.__('New key')}
                  </button>
                )
              }
            >
              {trans.__(
                'For applications outside of notebooks. A key never does more than its user may.'
              )}
            </PageHead>
            {keys.length === 0 ? (
              <EmptyNote>{trans.__('There is no key.')}</EmptyNote>
            ) : (
              <KeyTable
                keys={keys}
                onRevoke={setRevoking}
                onRenew={mayMake ? key => place.go(renewing(key)) : null}
              />
            )}
            <ClientHelp />
            {revoking !== null && (
              <RevokeKey revoking={revoking} onClose={() => setRevoking(null)} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function renewing({ name }: Key): ISpot {
  return { page: 'keys', open: { kind: 'keys', name: '' }, view: { renews: name } };
}
