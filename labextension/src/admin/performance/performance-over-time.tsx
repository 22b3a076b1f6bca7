import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import { type Grouping, type Performance, type PerformanceSeries } from '../../api/admin-types';
import { ChartFigure } from '../../charts/chart-figure';
import { Legend } from '../../charts/legend';
import { Lines, mostOf } from '../../charts/lines';
import { type IReadout } from '../../charts/readout';
import { StackedBars } from '../../charts/stacked-bars';
import { fittingStep } from '../../charts/steps';
import { countTicks, topOf } from '../../charts/ticks';
import { Resource } from '../../model/resource';
import { useAdmin } from '../context';
import { type View } from '../place';
import { boundsOf, rangeOf, rangeText } from '../range/range';
import { RangePicker } from '../range/range-picker';
import { Segments } from '../ui/segments';
import { Kept } from '../ui/kept';
import { KeyFigure, KeyFigures } from '../ui/key-figures';
import { ObjectHead } from '../ui/page';
import { useViewChange } from '../use-view';
import { brokenWords, columnGroups, type IColumn, isBroken } from './columns';
import { circuitHint, circuitWords } from './health';
import { NothingMeasured, PRESETS } from './nothing-measured';
import {
  callsReadout,
  gridOf,
  type IGrid,
  limitsOf,
  linesOf,
  linesReadout,
  type Metric,
  metricName,
  METRICS,
  metricTicks
} from './over-time';

/** One model, connection or provider: its figures, and how they came about over time. */
export function PerformanceOverTime(props: {
  by: Grouping;
  name: string;
  view: View;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { by, name, view } = props;
  const change = useViewChange();
  const [now] = useState(() => new Date());
  const range = rangeOf(view['range'], '24h');
  const asked = rangeText(range);
  const metric = METRICS.find(one => one === view['metric']) ?? 'total';
  const resource = useMemo(
    () =>
      new Resource(async () => {
        const time = boundsOf(rangeOf(asked, '24h'), now);
        const fitting = fittingStep(time.since, time.until);
        const step = fitting === 'month' ? 'week' : fitting;
        const [report, series] = await Promise.all([
          store.api.performance(time, by),
          store.api.performanceOf(name, { ...time, by, step })
        ]);
        return { row: report.rows.find(({ key }) => key === name) ?? null, series };
      }),
    [store, by, name, asked, now]
  );
  return (
    <>
      <ObjectHead
        title={name}
        back={trans.__('Performance')}
        spot={{ page: 'performance', view: { by, range: asked } }}
      />
      <div className="jp-mesh-Controls">
        <RangePicker
          presets={PRESETS}
          range={range}
          now={now}
          onChange={chosen => change({ range: rangeText(chosen) })}
        />
      </div>
      <Kept resource={resource}>
        {({ row, series }) =>
          row === null ? (
            <NothingMeasured isLonger={asked === '30d'} onLonger={() => change({ range: '30d' })} />
          ) : (
            <>
              <Facts row={row} />
              <Charts
                series={series}
                metric={metric}
                onMetric={chosen => change({ metric: chosen })}
              />
            </>
          )
        }
      </Kept>
    </>
  );
}

function Facts({ row }: { row: Performance }): React.JSX.Element {
  const { trans } = useAdmin();
  const groups = columnGroups(trans);
  const broken = brokenWords(row, trans);
  return (
    <>
      {broken.length > 0 && (
        <div className="jp-mesh-Notice jp-mod-warn">
          <strong>{trans.__('What was promised was not held in this time:')}</strong>
          <ul>
            {broken.map(words => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      )}
      <KeyFigures>
        <KeyFigure
          name={trans.__('Now')}
          note={row.circuit === 'closed' ? undefined : circuitHint(row, trans)}
          isBad={row.circuit === 'open'}
        >
          {circuitWords(row.circuit, trans)}
        </KeyFigure>
        {groups.flatMap(group =>
          group.columns.map(column => (
            <Fact key={column.id} group={group.name} column={column} row={row} />
          ))
        )}
      </KeyFigures>
    </>
  );
}

function Fact(props: {
  group: string;
  column: IColumn;
  row: Performance;
}): React.JSX.Element | null {
  const { trans } = useAdmin();
  const { group, column, row } = props;
  const value = column.value(row);
  const promised = column.promised?.(row) ?? null;
  return value === null ? null : (
    <KeyFigure
      name={group === '' ? column.name : `${group}, ${column.name}`}
      title={column.title}
      isBad={isBroken(column, row)}
      note={promised === null ? undefined : trans.__('promised: %1', column.words(promised))}
    >
      {column.words(value)}
    </KeyFigure>
  );
}

function Charts(props: {
  series: PerformanceSeries;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { series, metric } = props;
  const grid = useMemo(() => gridOf(series), [series]);
  return (
    <>
      <div className="jp-mesh-Controls">
        <Segments
          label={trans.__('Chart')}
          value={metric}
          options={METRICS.map(one => [one, metricName(one, trans)] as const)}
          onChange={props.onMetric}
        />
      </div>
      <Times series={series} grid={grid} metric={metric} />
      <Calls series={series} grid={grid} />
    </>
  );
}

function Times(props: {
  series: PerformanceSeries;
  grid: IGrid;
  metric: Metric;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { series, grid, metric } = props;
  const lines = linesOf(metric, grid);
  const limits = limitsOf(metric, series.promised, trans);
  const readout = (at: number): IReadout => linesReadout(metric, lines, at);
  const ticks = metricTicks(metric, mostOf(lines, limits));
  const beyond = limits.filter(({ value }) => value > topOf(ticks));
  const title = metricName(metric, trans);
  return (
    <ChartFigure title={title} hint={stepWords(series, trans)} steps={grid.steps} readout={readout}>
      <Lines
        label={trans.__('%1 of %2 over time', title, series.key)}
        steps={grid.steps}
        stepName={series.step}
        ticks={ticks}
        series={lines}
        limits={limits}
        readout={readout}
      />
      <Legend
        entries={[
          ...lines,
          ...beyond.map(({ label }) => ({
            name: trans.__('%1 (above the chart)', label),
            tone: 'limit' as const,
            isDashed: true
          }))
        ]}
      />
    </ChartFigure>
  );
}

function Calls({ series, grid }: { series: PerformanceSeries; grid: IGrid }): React.JSX.Element {
  const { trans } = useAdmin();
  const readout = (at: number): IReadout => callsReadout(grid, at, trans);
  const failed = grid.points.map(point => point?.failed ?? 0);
  const bars = [
    {
      name: trans.__('Answered'),
      tone: '1' as const,
      values: grid.points.map((point, at) => (point?.calls ?? 0) - (failed[at] ?? 0))
    },
    { name: trans.__('Failed'), tone: 'bad' as const, values: failed }
  ];
  const most = Math.max(0, ...grid.points.map(point => point?.calls ?? 0));
  return (
    <ChartFigure title={trans.__('Calls and errors')} steps={grid.steps} readout={readout}>
      <StackedBars
        label={trans.__('Calls of %1 over time', series.key)}
        steps={grid.steps}
        stepName={series.step}
        ticks={countTicks(most)}
        series={bars}
        height={150}
        readout={readout}
      />
      <Legend entries={bars.map(({ name, tone }) => ({ name, tone }))} />
    </ChartFigure>
  );
}

function stepWords({ step }: PerformanceSeries, trans: TranslationBundle): string {
  return {
    hour: trans.__('for each hour, UTC'),
    day: trans.__('for each day, UTC'),
    week: trans.__('for each week, UTC')
  }[step];
}
