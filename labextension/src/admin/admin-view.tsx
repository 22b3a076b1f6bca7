import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef } from 'react';

import { type Me } from '../api/types';
import { useResource, useSignal } from '../ui/surroundings';
import { AccountsPage } from './accounts/accounts-page';
import { AlertsPage } from './alerts/alerts-page';
import { OpenAlerts } from './alerts/open-alerts';
import { AuditPage } from './audit/audit-page';
import { BudgetsPage } from './budgets/budgets-page';
import { CataloguePage } from './catalogue/catalogue-page';
import { ChangesPage } from './changes/changes-page';
import { ConnectionsPage } from './connections/connections-page';
import { AdminContext, type IAdmin, useAdmin } from './context';
import { GuardsPage } from './guards/guards-page';
import { GeneralPage } from './general/general-page';
import { InventoryPage } from './inventory/inventory-page';
import { KeysPage } from './keys/keys-page';
import { ModelsPage } from './models/models-page';
import { PerformancePage } from './performance/performance-page';
import { argsOf, type ISpot, type Page } from './place';
import { Loaded } from './ui/loaded';
import { UsagePage } from './usage/usage-page';
import { Confirm } from './ui/confirm';

/** The admin's pages: a list of them, and the one that is open. */
export function AdminView({ admin }: { admin: IAdmin }): React.JSX.Element {
  return (
    <AdminContext value={admin}>
      <div className="jp-mesh-AdminFrame">
        <div className="jp-mesh-Admin">
          <Navigation />
          <main className="jp-mesh-Admin-page">
            <Permitted>
              <OpenPage />
            </Permitted>
          </main>
          <Leaving />
        </div>
      </div>
    </AdminContext>
  );
}

function Navigation(): React.JSX.Element {
  const { trans, place, pagesFor } = useAdmin();
  useSignal(place.changed);
  const scopes = useScopes();
  return (
    <nav className="jp-mesh-Admin-nav" aria-label={trans.__('Mesh administration')}>
      {pagesFor(scopes).map(page => (
        <button
          key={page}
          type="button"
          aria-current={page === place.spot.page ? 'page' : undefined}
          onClick={() => place.go({ page })}
        >
          {pageName(page, scopes, trans)}
          {page === 'alerts' && <OpenAlerts />}
        </button>
      ))}
    </nav>
  );
}

/** Only for those who may; the gateway itself refuses everybody else. */
function Permitted({ children }: { children: React.ReactNode }): React.JSX.Element {
  const { store, place, pagesFor } = useAdmin();
  useSignal(place.changed);
  return (
    <Loaded resource={store.me}>
      {me => (pagesFor(me.scopes).includes(place.spot.page) ? children : <Absent me={me} />)}
    </Loaded>
  );
}

/** In the place of a page that one does not have here: where it is, or whom to ask. */
function Absent({ me }: { me: Me }): React.JSX.Element {
  const { trans, place, elsewhere } = useAdmin();
  const address = elsewhere?.(me, place.spot) ?? null;
  if (address !== null) {
    return (
      <div className="jp-mesh-Note" role="status">
        <strong>{trans.__('These pages are at this JupyterHub’s mesh.')}</strong>
        <p>
          <a className="jp-mesh-Button" href={address} target="_blank" rel="noopener noreferrer">
            {trans.__('Open them in a new tab')}
          </a>
        </p>
      </div>
    );
  }
  return (
    <div className="jp-mesh-Note" role="alert">
      <strong>{trans.__('This page is for admins.')}</strong>
      <p>
        {trans.__(
          'You are %1. Ask %2 to change what you need.',
          me.user,
          me.admin_contact ?? trans.__('an admin of this mesh')
        )}
      </p>
    </div>
  );
}

function OpenPage(): React.JSX.Element {
  const { place } = useAdmin();
  useSignal(place.changed);
  const { spot } = place;
  const where = useRef<HTMLDivElement>(null);
  const { page, open } = spot;
  const address = JSON.stringify(argsOf({ page, open }));
  const before = useRef(address);
  useEffect(() => {
    // Whoever goes on by keyboard goes on from the new page's heading.
    if (before.current !== address) {
      before.current = address;
      where.current?.parentElement?.scrollTo(0, 0);
      const isTaken = where.current?.contains(document.activeElement) ?? false;
      if (!isTaken) {
        where.current?.querySelector('h1')?.focus();
      }
    }
  }, [address]);
  return <div ref={where}>{pageOf(spot)}</div>;
}

function pageOf({ page, open, view }: ISpot): React.JSX.Element {
  switch (page) {
    case 'connections':
      return <ConnectionsPage open={open} />;
    case 'models':
      return <ModelsPage open={open} />;
    case 'guards':
      return <GuardsPage open={open} view={view} />;
    case 'budgets':
      return <BudgetsPage open={open} view={view} />;
    case 'usage':
      return <UsagePage view={view} />;
    case 'performance':
      return <PerformancePage open={open} view={view} />;
    case 'audit':
      return <AuditPage open={open} view={view} />;
    case 'alerts':
      return <AlertsPage open={open} view={view} />;
    case 'inventory':
      return <InventoryPage open={open} view={view} />;
    case 'catalogue':
      return <CataloguePage />;
    case 'keys':
      return <KeysPage open={open} view={view} />;
    case 'accounts':
      return <AccountsPage open={open} />;
    case 'general':
      return <GeneralPage open={open} />;
    case 'changes':
      return <ChangesPage />;
  }
}

/** Asks before unsaved text is left. */
function Leaving(): React.JSX.Element | null {
  const { trans, place } = useAdmin();
  useSignal(place.changed);
  return place.wanted === null ? null : (
    <Confirm
      title={trans.__('Leave without saving?')}
      action={trans.__('Leave')}
      onConfirm={() => place.leave()}
      onClose={() => place.stay()}
    >
      <p>{trans.__('What is not saved on this page is lost.')}</p>
    </Confirm>
  );
}

/** Until it is known who asks, what an admin may do: the pages themselves wait for the answer. */
function useScopes(): readonly string[] {
  const { store } = useAdmin();
  const me = useResource(store.me);
  return me.kind === 'ready' ? me.value.scopes : ['admin'];
}

function pageName(page: Page, scopes: readonly string[], trans: TranslationBundle): string {
  return {
    catalogue: trans.__('My models'),
    connections: trans.__('Connections'),
    models: trans.__('Models and permissions'),
    guards: trans.__('Guards'),
    budgets: trans.__('Budgets and limits'),
    usage: scopes.includes('admin') ? trans.__('Usage and charge-back') : trans.__('Usage'),
    performance: trans.__('Performance'),
    audit: scopes.includes('audit') ? trans.__('Audit') : trans.__('My calls'),
    alerts: trans.__('Alerts'),
    inventory: trans.__('Inventory'),
    keys: trans.__('API keys'),
    accounts: trans.__('Service accounts'),
    general: trans.__('General'),
    changes: trans.__('Changes')
  }[page];
}
