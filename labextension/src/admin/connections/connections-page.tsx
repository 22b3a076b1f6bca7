import React, { useEffect } from 'react';

import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Loaded } from '../ui/loaded';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { ConnectionEditor } from './connection-editor';
import { ConnectionList } from './connection-list';
import { connectionRows } from './rows';

/** All ways to models; each can be tried, changed and switched off. */
export function ConnectionsPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  useEffect(() => {
    void store.connections.refresh();
  }, [store]);
  return (
    <Loaded resource={store.settings('connections')}>
      {settings => (
        <Loaded resource={store.connections}>
          {statuses => (
            <Loaded resource={store.providers}>
              {providers => {
                const rows = connectionRows(settings, statuses, providers);
                if (open === undefined) {
                  return (
                    <>
                      <PageHead
                        title={trans.__('Connections')}
                        actions={
                          <button
                            type="button"
                            className="jp-mesh-Button jp-mod-primary"
                            onClick={() =>
                              place.go({
                                page: 'connections',
                                open: { kind: 'connections', name: '' }
                              })
                            }
                          >
                            {trans.__('New connection')}
                          </button>
                        }
                      >
                        {trans.__(
                          'Authenticated ways to models. A change holds for the next call.'
                        )}
                      </PageHead>
                      {rows.length === 0 ? (
                        <EmptyNote>
                          {trans.__(
                            'There is no connection yet: make one to open models to people.'
                          )}
                        </EmptyNote>
                      ) : (
                        <ConnectionList rows={rows} providers={providers} />
                      )}
                    </>
                  );
                }
                const setting = settings.find(({ name }) => name === open.name) ?? null;
                if (open.name !== '' && setting === null) {
                  return <Missing name={open.name} page="connections" />;
                }
                return (
                  <ConnectionEditor
                    key={open.name}
                    setting={setting}
                    status={statuses.find(({ name }) => name === open.name)}
                    providers={providers}
                    taken={rows.map(({ name }) => name)}
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
