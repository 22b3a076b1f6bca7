import React, { useEffect, useState } from 'react';

import { type Setting, type UseCase } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { ExportLinks } from '../ui/export-links';
import { Loaded } from '../ui/loaded';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { SwitchDialog } from './switch-dialog';
import { UseCaseEditor } from './use-case-editor';
import { UseCaseRow } from './use-case-row';

/** Which model is used where, by whom, for what: seen from the calls, and as declared. */
export function InventoryPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { store } = useAdmin();
  const { open, view = {} } = props;
  return (
    <Loaded resource={store.settings('use_cases')}>
      {settings => {
        const taken = settings.map(({ name }) => name);
        if (open === undefined) {
          return <Inventory settings={settings} taken={taken} />;
        }
        const setting = settings.find(({ name }) => name === open.name) ?? null;
        if (open.name !== '' && setting === null) {
          return <Missing name={open.name} page="inventory" />;
        }
        const { application, purpose } = view;
        return (
          <UseCaseEditor
            key={open.name}
            setting={setting}
            start={{ ...(application && { application }), ...(purpose && { purpose }) }}
            taken={taken}
          />
        );
      }}
    </Loaded>
  );
}

function Inventory(props: {
  settings: readonly Setting[];
  taken: readonly string[];
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { settings, taken } = props;
  const [switching, setSwitching] = useState<UseCase | null>(null);
  useEffect(() => {
    void store.inventory.refresh();
  }, [store]);
  const settingOf = (use: UseCase): Setting | null =>
    settings.find(({ name }) => name === use.name) ?? null;
  const declare = (use: UseCase | null): void => {
    const start = { application: use?.application ?? '', purpose: use?.purpose ?? '' };
    place.go({
      page: 'inventory',
      open: { kind: 'use_cases', name: use?.name ?? '' },
      ...(use !== null && use.name === null && { view: start })
    });
  };
  return (
    <>
      <PageHead
        title={trans.__('Inventory')}
        actions={
          <>
            <ExportLinks addressOf={format => store.api.inventoryFile(format)} />
            <button
              type="button"
              className="jp-mesh-Button jp-mod-primary"
              onClick={() => declare(null)}
            >
              {trans.__('Declare a use')}
            </button>
          </>
        }
      >
        {trans.__(
          'What each application uses models for: seen from the calls of the last 30 days, and as declared.'
        )}
      </PageHead>
      <Loaded resource={store.inventory}>
        {({ use_cases: uses }) =>
          uses.length === 0 ? (
            <EmptyNote>
              {trans.__('No model was used in the last 30 days, and no use is declared yet.')}
            </EmptyNote>
          ) : (
            <div className="jp-mesh-Scroll">
              <table className="jp-mesh-Table jp-mod-inventory">
                <thead>
                  <tr>
                    <th scope="col">{trans.__('Use')}</th>
                    <th scope="col">{trans.__('Models')}</th>
                    <th scope="col" className="jp-mesh-Who">
                      {trans.__('Who')}
                    </th>
                    <th scope="col" className="jp-mod-number">
                      {trans.__('Calls, cost')}
                    </th>
                    <th scope="col">{trans.__('Guards in force')}</th>
                    <th scope="col">
                      <span className="jp-mesh-visually-hidden">{trans.__('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {uses.map(use => (
                    <UseCaseRow
                      key={`${use.name ?? ''}\n${use.application}\n${use.purpose ?? ''}`}
                      use={use}
                      setting={settingOf(use)}
                      onOpen={() => declare(use)}
                      onSwitch={() => setSwitching(use)}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      {switching !== null && (
        <SwitchDialog
          use={switching}
          setting={settingOf(switching)}
          taken={taken}
          onClose={() => setSwitching(null)}
        />
      )}
    </>
  );
}
