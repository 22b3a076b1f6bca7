import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import { ChartFigure } from '../../charts/chart-figure';
import { Legend } from '../../charts/legend';
import { RankedBars } from '../../charts/ranked-bars';
import { type IReadout } from '../../charts/readout';
import { StackedBars } from '../../charts/stacked-bars';
import { type StepName, stepsOf } from '../../charts/steps';
import { useAdmin } from '../context';
import { type IBounds } from '../range/range';
import { type Dimension, dimensionName, isPeriod, periodStart, valueWords } from './dimensions';
import {
  amountWords,
  exactWords,
  lengthOf,
  type Measure,
  measureName,
  measureTicks,
  shortWords
} from './measure';
import { type IPivot, transposed } from './pivot';
import { type ISeries, seriesOf } from './series';

/** Names of a ranking that are shown; the table below has the others. */
const MOST_RANKED = 15;

interface IProps {
  pivot: IPivot;
  rows: Dimension;
  columns: Dimension | null;
  measure: Measure;
  bounds: IBounds;
  onNarrow: (dimension: Dimension, value: string) => void;
}

/** Over time where a period is one of the dimensions; else a ranking of the first one. */
export function UsageChart(props: IProps): React.JSX.Element {
  const { pivot, rows, columns } = props;
  if (isPeriod(columns)) {
    return <OverTime {...props} period={columns} series={rows} />;
  }
  if (isPeriod(rows)) {
    return <OverTime {...props} period={rows} series={columns} pivot={transposed(pivot)} />;
  }
  return <Ranking {...props} />;
}

function OverTime(
  props: IProps & { period: StepName; series: Dimension | null }
): React.JSX.Element {
  const { trans } = useAdmin();
  const { pivot, measure, bounds, period, series: dimension, onNarrow } = props;
  const [lit, setLit] = useState<string | null>(null);
  const steps = stepsOf(bounds.since, bounds.until, period);
  const places = new Map(steps.map(({ start }, index) => [start.getTime(), index]));
  const name = (value: string): string =>
    dimension === null ? measureName(measure, trans) : valueWords(dimension, value, trans);
  const series = seriesOf(pivot, name, restName(trans));
  const lengths = series.map(one => {
    const values = new Array<bigint>(steps.length).fill(0n);
    for (const [column, amount] of one.cells) {
      const start = periodStart(period, column);
      const at = start === null ? undefined : places.get(start.getTime());
      if (at !== undefined) {
        values[at] = (values[at] ?? 0n) + amount;
      }
    }
    return { ...one, amounts: values };
  });
  const totals = steps.map((_, at) =>
    lengths.reduce((all, one) => all + (one.amounts[at] ?? 0n), 0n)
  );
  const readout = (at: number): IReadout => ({
    lines: [
      // From the top of the bar to its bottom, as one sees it.
      ...[...lengths].reverse().map(({ name, tone, amounts }) => {
        const amount = amounts[at] ?? 0n;
        return { name, tone, words: amountWords(amount, measure), isNothing: amount === 0n };
      }),
      ...(lengths.length > 1
        ? [
            {
              name: trans.__('Total'),
              tone: null,
              words: amountWords(totals[at] ?? 0n, measure),
              isNothing: totals[at] === 0n
            }
          ]
        : [])
    ]
  });
  const title =
    dimension === null
      ? measureName(measure, trans)
      : `${measureName(measure, trans)} · ${dimensionName(dimension, trans)}`;
  const most = Math.max(0, ...totals.map(total => lengthOf(total, measure)));
  return (
    <ChartFigure
      title={title}
      hint={trans.__('%1, UTC', dimensionName(period, trans))}
      steps={steps}
      readout={readout}
    >
      <StackedBars
        label={trans.__('%1 over time', title)}
        steps={steps}
        stepName={period}
        ticks={measureTicks(measure, most)}
        series={lengths.map(({ name, tone, amounts }) => ({
          name,
          tone,
          values: amounts.map(amount => lengthOf(amount, measure))
        }))}
        lit={lit}
        readout={readout}
      />
      {dimension !== null && (
        <SeriesLegend
          series={series}
          measure={measure}
          onLight={setLit}
          onNarrow={value => onNarrow(dimension, value)}
        />
      )}
    </ChartFigure>
  );
}

function SeriesLegend(props: {
  series: readonly ISeries[];
  measure: Measure;
  onLight: (name: string | null) => void;
  onNarrow: (value: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <Legend
      onLight={props.onLight}
      entries={props.series.map(({ name, tone, total, value }) => ({
        name,
        tone,
        words: shortWords(total, props.measure),
        ...(value !== null && {
          onPick: () => props.onNarrow(value),
          hint: trans.__('%1: show only this', name)
        })
      }))}
    />
  );
}

function Ranking(props: IProps): React.JSX.Element {
  const { trans } = useAdmin();
  const { pivot, rows, columns, measure, onNarrow } = props;
  const [lit, setLit] = useState<string | null>(null);
  const parts =
    columns === null
      ? null
      : seriesOf(transposed(pivot), key => valueWords(columns, key, trans), restName(trans));
  const shown = pivot.rows.slice(0, MOST_RANKED);
  const most = Math.max(0, ...shown.map(({ total }) => lengthOf(total, measure)));
  const title = `${measureName(measure, trans)} · ${dimensionName(rows, trans)}`;
  const beyond = pivot.rows.length - shown.length;
  return (
    <figure className="jp-mesh-Figure" aria-label={title}>
      <figcaption>
        <h2>{title}</h2>
        {beyond > 0 && (
          <span className="jp-mesh-dim">
            {trans.__('the first %1; %2 more are in the table', shown.length, beyond)}
          </span>
        )}
      </figcaption>
      <RankedBars
        label={title}
        most={most}
        lit={lit}
        rows={shown.map(({ key, total }) => {
          const name = valueWords(rows, key, trans);
          return {
            key,
            name,
            words: amountWords(total, measure),
            exact: exactWords(total, measure),
            onPick: () => onNarrow(rows, key),
            hint: trans.__('%1: show only this', name),
            parts:
              parts === null
                ? [{ name, tone: '1' as const, value: lengthOf(total, measure) }]
                : parts.map(part => ({
                    name: part.name,
                    tone: part.tone,
                    value: lengthOf(part.cells.get(key) ?? 0n, measure)
                  }))
          };
        })}
      />
      {columns !== null && parts !== null && (
        <SeriesLegend
          series={parts}
          measure={measure}
          onLight={setLit}
          onNarrow={value => onNarrow(columns, value)}
        />
      )}
    </figure>
  );
}

function restName(trans: TranslationBundle): (count: number) => string {
  return count => trans.__('%1 others', count);
}
