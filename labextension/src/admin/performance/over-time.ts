/** A series of the gateway as lines and bars: one place for each step, also where nothing was measured. */
import { type TranslationBundle } from '@jupyterlab/translation';

import {
  type Percentiles,
  type PerformancePoint,
  type PerformanceSeries,
  type Promised
} from '../../api/admin-types';
import { type ILimit, type ILineSeries } from '../../charts/lines';
import { type IReadout } from '../../charts/readout';
import { type IStep, stepsOf } from '../../charts/steps';
import { durationTicks, countTicks, type ITick } from '../../charts/ticks';
import { exactCount, formatDuration, formatShare } from '../../figures';
import { rateWords } from './columns';

export const METRICS = ['total', 'first', 'speed', 'own'] as const;
export type Metric = (typeof METRICS)[number];

/** The steps of a series, and what was measured in each; null where nothing was. */
export interface IGrid {
  steps: IStep[];
  points: (PerformancePoint | null)[];
}

export function gridOf(series: PerformanceSeries): IGrid {
  const steps = stepsOf(new Date(series.since), new Date(series.until), series.step);
  const byStart = new Map(series.points.map(point => [Date.parse(point.start), point]));
  return { steps, points: steps.map(({ start }) => byStart.get(start.getTime()) ?? null) };
}

export function metricName(metric: Metric, trans: TranslationBundle): string {
  return {
    total: trans.__('Total time'),
    first: trans.__('First token'),
    speed: trans.__('Tokens per second'),
    own: trans.__('Gateway’s own share')
  }[metric];
}

function percentiles(metric: Metric, point: PerformancePoint): Percentiles {
  return {
    total: point.total_ms,
    first: point.first_token_ms,
    speed: point.tokens_per_second,
    own: point.overhead_ms
  }[metric];
}

export function metricWords(metric: Metric): (value: number) => string {
  return metric === 'speed' ? rateWords : formatDuration;
}

export function metricTicks(metric: Metric, most: number): ITick[] {
  return metric === 'speed' ? countTicks(most) : durationTicks(most);
}

/** p50, p95 and p99; of speeds the median only, since there a high one is a good one. */
export function linesOf(metric: Metric, { points }: IGrid): ILineSeries[] {
  const line = (
    share: keyof Percentiles,
    rest: Omit<ILineSeries, 'name' | 'values'>
  ): ILineSeries => ({
    name: share,
    ...rest,
    values: points.map(point => (point === null ? null : percentiles(metric, point)[share]))
  });
  const median = line('p50', { tone: '1' });
  return metric === 'speed'
    ? [median]
    : [median, line('p95', { tone: '2' }), line('p99', { tone: '4', isDashed: true })];
}

export function limitsOf(metric: Metric, promised: Promised, trans: TranslationBundle): ILimit[] {
  const value = {
    total: promised.p95_ms,
    first: promised.first_token_p95_ms,
    speed: null,
    own: null
  }[metric];
  return value === null
    ? []
    : [{ value, label: trans.__('p95 promised: %1', formatDuration(value)) }];
}

export function linesReadout(metric: Metric, lines: readonly ILineSeries[], at: number): IReadout {
  const words = metricWords(metric);
  return {
    lines: lines.map(({ name, tone, values }) => {
      const value = values[at] ?? null;
      return { name, tone, words: value === null ? '' : words(value), isNothing: value === null };
    })
  };
}

export function callsReadout({ points }: IGrid, at: number, trans: TranslationBundle): IReadout {
  const point = points[at] ?? null;
  const [calls, failed, retried] = [point?.calls ?? 0, point?.failed ?? 0, point?.retried ?? 0];
  return {
    lines: [
      { name: trans.__('Answered'), tone: '1', words: exactCount(calls - failed) },
      {
        name: trans.__('Failed'),
        tone: 'bad',
        words: `${exactCount(failed)}${calls > 0 ? ` (${formatShare(failed / calls)})` : ''}`,
        isNothing: failed === 0
      },
      {
        name: trans.__('Tried again'),
        tone: null,
        words: exactCount(retried),
        isNothing: retried === 0
      }
    ]
  };
}
