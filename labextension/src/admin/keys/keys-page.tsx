import React, { useState } from 'react';

import { type Key } from '../../api/admin-types';
import { formatUsd } from '../../money';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Confirm } from '../ui/confirm';
import { Loaded } from '../ui/loaded';
import { isOurs, Managed } from '../ui/managed';
import { PageHead } from '../ui/page';
import { windowWords } from '../ui/windows';
import { KeyMaker } from './key-maker';

/** Keys by which applications ask without a person. */
export function KeysPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  // Whoever is here by a key and no admin gets another one from an admin.
  const mayMake = store.me.value?.scopes.includes('admin') ?? false;
  const [revoking, setRevoking] = useState<Key | null>(null);
  return (
    <Loaded resource={store.keys}>
      {keys => {
        if (open !== undefined) {
          return <KeyMaker taken={keys.map(({ name }) => name)} />;
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
              <EmptyNote>{trans.__('There is no key yet.')}</EmptyNote>
            ) : (
              <KeyTable keys={keys} onRevoke={setRevoking} />
            )}
            {revoking !== null && (
              <Confirm
                title={trans.__('Revoke the key %1?', revoking.name)}
                action={trans.__('Revoke')}
                onConfirm={() => store.revokeKey(revoking.name)}
                onClose={() => setRevoking(null)}
              >
                <p>
                  {trans.__(
                    'Calls of %1 with it are refused at once. It cannot be brought back; what was recorded stays.',
                    revoking.application
                  )}
                </p>
              </Confirm>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function KeyTable(props: {
  keys: readonly Key[];
  onRevoke: (key: Key) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Application, user')}</th>
            <th scope="col">{trans.__('Models')}</th>
            <th scope="col">{trans.__('Budget')}</th>
            <th scope="col">{trans.__('Until')}</th>
            <th scope="col">
              <span className="jp-mesh-visually-hidden">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.keys.map(key => (
            <tr key={key.name} data-name={key.name}>
              <th scope="row">
                <bdi>{key.name}</bdi> <Managed by={key.managed_by} />
                {key.admin && (
                  <span className="jp-mesh-Badge jp-mod-warn">{trans.__('administers')}</span>
                )}
                {key.purpose !== null && (
                  <div className="jp-mesh-dim">{trans.__('for %1', key.purpose)}</div>
                )}
              </th>
              <td>
                <bdi>{key.application}</bdi>
                <div className="jp-mesh-dim">
                  <bdi>{key.user}</bdi>
                  {key.maker !== null &&
                    key.maker !== key.user &&
                    ` · ${trans.__('made by %1', key.maker)}`}
                </div>
              </td>
              <td>
                {key.models.length === 0 ? trans.__('all of its user') : key.models.join(', ')}
              </td>
              <td>
                {key.budget_usd === null
                  ? '–'
                  : `${formatUsd(key.budget_usd)} ${windowWords(key.window ?? 'month', trans)}`}
              </td>
              <td>
                {key.expires === null
                  ? trans.__('no end')
                  : new Date(key.expires).toLocaleDateString()}
                {key.expires !== null && new Date(key.expires) < new Date() && (
                  <div>
                    <span className="jp-mesh-Badge jp-mod-warn">{trans.__('over')}</span>
                  </div>
                )}
              </td>
              <td className="jp-mod-actions">
                {isOurs(key) && (
                  <button
                    type="button"
                    className="jp-mesh-Button"
                    aria-label={trans.__('Revoke %1…', key.name)}
                    onClick={() => props.onRevoke(key)}
                  >
                    {trans.__('Revoke…')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
