import React, { useEffect, useState } from 'react';

import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Loaded } from '../ui/loaded';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { AliasEditor } from './alias-editor';
import { GroupEditor } from './group-editor';
import { Matrix } from './matrix';
import { found, modelRows } from './model-rows';

/** Which group may use which model, with cost and speed beside each. */
export function ModelsPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const [typed, setTyped] = useState('');
  useEffect(() => {
    void store.connections.refresh();
  }, [store]);
  const make = (kind: 'groups' | 'aliases'): void =>
    place.go({ page: 'models', open: { kind, name: '' } });
  return (
    <Loaded resource={store.connections}>
      {statuses => (
        <Loaded resource={store.settings('aliases')}>
          {aliases => (
            <Loaded resource={store.settings('groups')}>
              {groups => {
                const rows = modelRows(statuses, aliases);
                if (open !== undefined) {
                  const all = open.kind === 'groups' ? groups : aliases;
                  const setting = all.find(({ name }) => name === open.name) ?? null;
                  if (open.name !== '' && setting === null) {
                    return <Missing name={open.name} page="models" />;
                  }
                  const taken = all.map(({ name }) => name);
                  const key = `${open.kind}/${open.name}`;
                  return open.kind === 'groups' ? (
                    <GroupEditor
                      key={key}
                      setting={setting}
                      taken={taken}
                      rows={rows}
                      isFirst={groups.length === 0}
                    />
                  ) : (
                    <AliasEditor key={key} setting={setting} taken={taken} rows={rows} />
                  );
                }
                return (
                  <>
                    <PageHead
                      title={trans.__('Models and permissions')}
                      actions={
                        <>
                          <button
                            type="button"
                            className="jp-mesh-Button"
                            onClick={() => make('aliases')}
                          >
                            {trans.__('New alias')}
                          </button>
                          <button
                            type="button"
                            className="jp-mesh-Button jp-mod-primary"
                            onClick={() => make('groups')}
                          >
                            {trans.__('New group')}
                          </button>
                        </>
                      }
                    >
                      {trans.__(
                        'A tick opens a model to a group, at once. Whoever is in several groups may use what any of them may. An alias opens no model by itself: tick one behind it, too. A click on a group’s name leads to its members and purposes.'
                      )}
                    </PageHead>
                    {groups.length === 0 && (
                      <div className="jp-mesh-Notice">
                        {trans.__(
                          'There is no group yet, so every model is open to everybody. As soon as there is one, people may use only what their groups allow.'
                        )}
                      </div>
                    )}
                    <div className="jp-mesh-Inline">
                      <input
                        type="search"
                        value={typed}
                        placeholder={trans.__('Search models')}
                        aria-label={trans.__('Search models')}
                        onChange={event => setTyped(event.target.value)}
                      />
                    </div>
                    <Matrix rows={found(rows, typed)} all={rows} groups={groups} />
                  </>
                );
              }}
            </Loaded>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}
