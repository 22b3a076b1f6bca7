import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import { type Grouping, type PerformanceReport } from '../../api/admin-types';
import { Resource } from '../../model/resource';
import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { boundsOf, rangeOf, rangeText } from '../range/range';
import { RangePicker } from '../range/range-picker';
import { Segments } from '../ui/segments';
import { Kept } from '../ui/kept';
import { PageHead } from '../ui/page';
import { sortOf, sortText } from '../ui/sort-header';
import { useViewChange } from '../use-view';
import { NothingMeasured, PRESETS } from './nothing-measured';
import { PerformanceOverTime } from './performance-over-time';
import { PerformanceTable } from './performance-table';

const GROUPINGS = ['model', 'connection', 'provider'] as const satisfies readonly Grouping[];

/** How fast and how reliably models, connections and providers answer. */
export function PerformancePage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { open, view = {} } = props;
  const kind = GROUPINGS.find(one => one === open?.kind);
  return open !== undefined && kind !== undefined ? (
    <PerformanceOverTime key={`${kind}/${open.name}`} by={kind} name={open.name} view={view} />
  ) : (
    <Overview view={view} />
  );
}

function Overview({ view }: { view: View }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const change = useViewChange();
  const [now, setNow] = useState(() => new Date());
  const by = GROUPINGS.find(one => one === view['by']) ?? 'model';
  const range = rangeOf(view['range'], '24h');
  const asked = rangeText(range);
  const resource = useMemo(
    () => new Resource(() => store.api.performance(boundsOf(rangeOf(asked, '24h'), now), by)),
    [store, asked, now, by]
  );
  return (
    <>
      <PageHead
        title={trans.__('Performance')}
        actions={
          <button type="button" className="jp-mesh-Button" onClick={() => setNow(new Date())}>
            {trans.__('Refresh')}
          </button>
        }
      >
        {trans.__(
          'Calls that reached a model; answers from the cache say nothing of it and are not counted. p95: 95 of 100 calls were faster.'
        )}
      </PageHead>
      <div className="jp-mesh-Controls">
        <RangePicker
          presets={PRESETS}
          range={range}
          now={now}
          onChange={chosen => change({ range: rangeText(chosen) })}
        />
        <Segments
          label={trans.__('By')}
          value={by}
          options={GROUPINGS.map(one => [one, groupingName(one, trans)] as const)}
          onChange={chosen => change({ by: chosen })}
        />
      </div>
      <Kept resource={resource}>
        {report =>
          report.rows.length === 0 ? (
            <NothingMeasured onLonger={() => change({ range: '30d' })} isLonger={asked === '30d'} />
          ) : (
            <PerformanceTable
              rows={report.rows}
              name={groupingName(report.by, trans)}
              sort={sortOf(view['sort'], { column: 'calls', isDescending: true })}
              onSort={sort => change({ sort: sortText(sort) })}
              onOpen={name => place.go(spotOfRow(report, name, asked))}
            />
          )
        }
      </Kept>
    </>
  );
}

function spotOfRow({ by }: PerformanceReport, name: string, range: string): ISpot {
  return { page: 'performance', open: { kind: by, name }, view: { range } };
}

function groupingName(by: Grouping, trans: TranslationBundle): string {
  return {
    model: trans.__('Model'),
    connection: trans.__('Connection'),
    provider: trans.__('Provider')
  }[by];
}
