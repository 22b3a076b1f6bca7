import React, { useState } from 'react';

import { type Key } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { KeyTable } from '../keys/key-table';
import { RevokeKey } from '../keys/revoke-key';
import { Section } from '../ui/page';
import { keysOf } from './accounts';

/** The keys with which it asks. */
export function AccountKeys(props: { name: string; keys: readonly Key[] }): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { name } = props;
  const own = keysOf(name, props.keys);
  const [revoking, setRevoking] = useState<Key | null>(null);
  return (
    <Section
      title={trans.__('API keys')}
      actions={
        <button
          type="button"
          className="jp-mesh-Button"
          onClick={() =>
            place.go({ page: 'keys', open: { kind: 'keys', name: '' }, view: { user: name } })
          }
        >
          {trans.__('New key for %1', name)}
        </button>
      }
    >
      {own.length === 0 ? (
        <EmptyNote>{trans.__('It has no key yet, so it cannot ask.')}</EmptyNote>
      ) : (
        <KeyTable
          keys={own}
          onRevoke={setRevoking}
          onRenew={key =>
            place.go({
              page: 'keys',
              open: { kind: 'keys', name: '' },
              view: { user: name, renews: key.name }
            })
          }
        />
      )}
      {revoking !== null && <RevokeKey revoking={revoking} onClose={() => setRevoking(null)} />}
    </Section>
  );
}
