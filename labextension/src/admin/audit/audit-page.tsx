import React, { useMemo, useState } from 'react';

import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { ExportLinks } from '../ui/export-links';
import { PageHead } from '../ui/page';
import { CallTable } from './call-table';
import { Filters } from './filters';
import { OneCall } from './one-call';
import { Proof } from './proof';
import { narrowing, queryOf, whoseOf } from './search';

/** Every call on record: found by any of its fields, shown in full, proved, exported. */
export function AuditPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { open, view = {} } = props;
  const scopes = store.me.value?.scopes ?? [];
  const isAuditor = scopes.includes('audit');
  const whose = whoseOf(view, scopes);
  const asked = JSON.stringify(queryOf(view, whose));
  // `turn` makes a search of the same words a new one.
  const [turn, setTurn] = useState(0);
  const search = useMemo(
    () => ({ query: JSON.parse(asked) as ReturnType<typeof queryOf>, turn }),
    [asked, turn]
  );
  const title = isAuditor ? trans.__('Audit') : trans.__('My calls');
  if (open !== undefined) {
    return <OneCall key={open.name} id={open.name} back={title} />;
  }
  return (
    <>
      <PageHead
        title={title}
        actions={
          <>
            {isAuditor && (
              <ExportLinks addressOf={format => store.api.callsFile(format, search.query)} />
            )}
            <button
              type="button"
              className="jp-mesh-Button"
              onClick={() => setTurn(before => before + 1)}
            >
              {trans.__('Refresh')}
            </button>
          </>
        }
      >
        {isAuditor
          ? trans.__(
              'Each call was on record before it left. An export holds what the fields below find.'
            )
          : trans.__('Each call was on record before it left.')}
      </PageHead>
      <Filters view={view} whose={whose} scopes={scopes} />
      <CallTable
        key={`${asked} ${turn}`}
        search={search.query}
        isNarrowed={narrowing(view) > 0}
        showsUsers={whose !== 'own'}
      />
      {isAuditor && <Proof />}
    </>
  );
}
