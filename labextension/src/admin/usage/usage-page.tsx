import React, { useMemo, useState } from 'react';

import { type Whose } from '../../api/figures-client';
import { type Usage } from '../../api/types';
import { Resource } from '../../model/resource';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { CopyLink } from '../ui/copy-link';
import { Kept } from '../ui/kept';
import { PageHead, Section } from '../ui/page';
import { Prose } from '../ui/prose';
import { type View } from '../place';
import { boundsOf, boundsWords, type IBounds } from '../range/range';
import { type Dimension, isPeriod } from './dimensions';
import { ExportButtons } from './export-buttons';
import { detailTable, pivotTable } from './figure-table';
import { MonthOutlook } from './month-outlook';
import { OwnBudgets } from './own-budgets';
import { pivotOf } from './pivot';
import { UsageChart } from './usage-chart';
import { UsageControls } from './usage-controls';
import { UsageFigures } from './usage-figures';
import { UsageTable } from './usage-table';
import {
  type IUsageView,
  narrowedTo,
  usageOpenTo,
  usageViewOf,
  viewOf,
  whoseOf
} from './usage-view';

/** What was spent, by whom and for what: as figures, over time, as a table, as files; and where it leads. */
export function UsagePage(props: { view: View | undefined }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const [now, setNow] = useState(() => new Date());
  const view = usageViewOf(props.view ?? {});
  const show = (next: IUsageView): void => place.go({ page: 'usage', view: viewOf(next) });
  const bounds = boundsOf(view.range, now);
  const by = view.columns === null ? [view.rows] : [view.rows, view.columns];
  const scopes = store.me.value?.scopes ?? [];
  const whose = whoseOf(view, scopes);
  const query = { ...bounds, by, where: view.where, view: whose };
  const asked = JSON.stringify(query);
  const resource = useMemo(
    () => new Resource(() => store.api.usage(readQuery(asked))),
    [store, asked]
  );
  return (
    <>
      <PageHead
        title={scopes.includes('admin') ? trans.__('Usage and charge-back') : trans.__('Usage')}
        actions={
          <>
            <CopyLink />
            <ExportButtons query={query} />
            <button type="button" className="jp-mesh-Button" onClick={() => setNow(new Date())}>
              {trans.__('Refresh')}
            </button>
          </>
        }
      >
        {trans.__(
          'Sums are those of the gateway, by the hour in UTC. Click a name to see only that.'
        )}
      </PageHead>
      {whose === 'own' && <OwnBudgets now={now} />}
      <UsageControls
        view={view}
        whose={whose}
        open={usageOpenTo(scopes)}
        now={now}
        onChange={show}
      />
      <Kept resource={resource}>
        {usage => (
          <Found
            usage={usage}
            view={view}
            bounds={bounds}
            onChange={show}
            onNarrow={(dimension, value) => show(narrowedTo(view, dimension, value, now))}
          />
        )}
      </Kept>
      <MonthOutlook where={view.where} whose={whose} now={now} />
    </>
  );
}

function readQuery(
  asked: string
): IBounds & { by: string[]; where: Record<string, string>; view: Whose } {
  const { since, until, by, where, view } = JSON.parse(asked) as {
    since: string;
    until: string;
    by: string[];
    where: Record<string, string>;
    view: Whose;
  };
  return { since: new Date(since), until: new Date(until), by, where, view };
}

function Found(props: {
  usage: Usage;
  view: IUsageView;
  bounds: IBounds;
  onChange: (view: IUsageView) => void;
  onNarrow: (dimension: Dimension, value: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { usage, view, onChange, onNarrow } = props;
  // What is shown is grouped as it was asked for, also while something else is being asked.
  const [rows = view.rows, columns = null] = usage.by as Dimension[];
  const { measure, sort } = view;
  const bounds = { since: new Date(usage.since), until: new Date(usage.until) };
  const pivot = useMemo(
    () => pivotOf(usage, rows, columns, measure),
    [usage, rows, columns, measure]
  );
  const table = useMemo(
    () =>
      columns === null
        ? detailTable(usage, rows, trans)
        : pivotTable(pivot, columns, measure, trans),
    [pivot, usage, rows, columns, measure, trans]
  );
  if (usage.rows.length === 0) {
    return <Nothing view={view} onChange={onChange} />;
  }
  return (
    <>
      <UsageFigures usage={usage} />
      {(usage.notes ?? []).map(note => (
        <div key={note} className="jp-mesh-Row-fault">
          <Prose text={note} />
        </div>
      ))}
      <UsageChart
        pivot={pivot}
        rows={rows}
        columns={columns}
        measure={measure}
        bounds={bounds}
        onNarrow={onNarrow}
      />
      <Section title={trans.__('Table, %1', boundsWords(bounds))}>
        <UsageTable
          table={table}
          rows={rows}
          sort={sort}
          onSort={chosen => onChange({ ...view, sort: chosen })}
          onNarrow={value => onNarrow(rows, value)}
        />
        {columns !== null && !isPeriod(columns) && pivot.columns.length > table.columns.length && (
          <p className="jp-mesh-dim">{trans.__('Exported files have every column of its own.')}</p>
        )}
      </Section>
    </>
  );
}

function Nothing(props: {
  view: IUsageView;
  onChange: (view: IUsageView) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { view, onChange } = props;
  const isNarrowed = Object.keys(view.where).length > 0;
  return (
    <EmptyNote>
      <p>
        {isNarrowed
          ? trans.__('Nobody has made such a call in this time.')
          : trans.__('Nobody has made a call in this time.')}
      </p>
      {isNarrowed && (
        <button
          type="button"
          className="jp-mesh-Button"
          onClick={() => onChange({ ...view, where: {} })}
        >
          {trans.__('Remove all filters')}
        </button>
      )}
      {!isNarrowed && view.range !== 'quarter' && (
        <button
          type="button"
          className="jp-mesh-Button"
          onClick={() => onChange({ ...view, range: 'quarter' })}
        >
          {trans.__('Show this quarter')}
        </button>
      )}
    </EmptyNote>
  );
}
