import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo } from 'react';

import { type Where, type Whose } from '../../api/figures-client';
import { type UsageForecast } from '../../api/types';
import { ChartFigure } from '../../charts/chart-figure';
import { Legend } from '../../charts/legend';
import { type IOutlook, Outlook } from '../../charts/outlook';
import { type IReadout } from '../../charts/readout';
import { dayLabel, type IStep, stepsOf } from '../../charts/steps';
import { moneyTicks } from '../../charts/ticks';
import { Resource } from '../../model/resource';
import { dollarsOf, formatUsd, picoOf, usdOf } from '../../money';
import { useAdmin } from '../context';
import { Kept } from '../ui/kept';

/** This month so far, and what it will have cost at its end. */
export function MonthOutlook(props: { where: Where; whose: Whose; now: Date }): React.JSX.Element {
  const { store } = useAdmin();
  const asked = JSON.stringify(props.where);
  const { now, whose } = props;
  const resource = useMemo(
    () =>
      // `now` is a part of the question: it is asked again whenever the page is.
      new Resource(() => (void now, store.api.forecast(JSON.parse(asked) as Where, whose))),
    [store, asked, whose, now]
  );
  return <Kept resource={resource}>{forecast => <Month forecast={forecast} />}</Kept>;
}

function Month({ forecast }: { forecast: UsageForecast }): React.JSX.Element {
  const { trans } = useAdmin();
  const steps = stepsOf(new Date(forecast.window_start), new Date(forecast.window_end), 'day');
  const sofar = grown(forecast, steps);
  const { expected_usd: expected, low_usd: low, high_usd: high } = forecast;
  const number = (usd: string | null): number | null => (usd === null ? null : Number(usd));
  const outlook: IOutlook = {
    sofar: sofar.map(dollarsOf),
    expected: number(expected),
    low: number(low),
    high: number(high)
  };
  const most = Math.max(...outlook.sofar, outlook.expected ?? 0, outlook.high ?? 0);
  const readout = (at: number): IReadout => monthReadout(forecast, sofar, steps.length, at, trans);
  return (
    <ChartFigure
      title={trans.__('This month, up to its end')}
      hint={outlookWords(forecast, steps, trans)}
      steps={steps}
      readout={readout}
    >
      <Outlook
        label={trans.__('Spend of this month day by day, and what is expected')}
        steps={steps}
        stepName="day"
        ticks={moneyTicks(most)}
        outlook={outlook}
        readout={readout}
      />
      <Legend
        entries={[
          { name: trans.__('spent so far'), tone: '1', words: formatUsd(forecast.spent_usd) },
          ...(expected === null
            ? []
            : [
                {
                  name: trans.__('expected'),
                  tone: '1' as const,
                  isDashed: true,
                  words: formatUsd(expected)
                }
              ])
        ]}
      />
    </ChartFigure>
  );
}

/** Up to the end of each day that has begun. */
function grown({ days }: UsageForecast, steps: readonly IStep[]): bigint[] {
  const byDay = new Map(days.map(({ day, cost_usd }) => [day, picoOf(cost_usd)]));
  const now = Date.now();
  let all = 0n;
  return steps
    .filter(({ start }) => start.getTime() <= now)
    .map(({ start }) => {
      all += byDay.get(start.toISOString().slice(0, 10)) ?? 0n;
      return all;
    });
}

function monthReadout(
  forecast: UsageForecast,
  sofar: readonly bigint[],
  count: number,
  at: number,
  trans: TranslationBundle
): IReadout {
  const spent = sofar[at];
  const { expected_usd: expected } = forecast;
  const isLast = at === count - 1;
  return {
    lines: [
      {
        name: trans.__('spent so far'),
        tone: '1',
        words: spent === undefined ? '' : formatUsd(usdOf(spent)),
        isNothing: spent === undefined
      },
      {
        name: trans.__('expected at the end'),
        tone: null,
        words: expected === null || !isLast ? '' : `${formatUsd(expected)}${interval(forecast)}`,
        isNothing: expected === null || !isLast
      }
    ]
  };
}

function interval({ low_usd: low, high_usd: high }: UsageForecast): string {
  return low === null || high === null ? '' : ` (${formatUsd(low)} – ${formatUsd(high)})`;
}

function outlookWords(
  forecast: UsageForecast,
  steps: readonly IStep[],
  trans: TranslationBundle
): string {
  const { expected_usd: expected, low_usd: low, high_usd: high } = forecast;
  if (expected === null) {
    return trans.__('Too little of it has passed to say what it will have cost.');
  }
  const last = steps.at(-1);
  const day = last === undefined ? '' : dayLabel(last.start);
  return low === null || high === null
    ? trans.__(
        '%1 expected by %2; how sure that is shows after two weeks',
        formatUsd(expected),
        day
      )
    : trans.__(
        '%1 expected by %2, four times of five between %3 and %4',
        formatUsd(expected),
        day,
        formatUsd(low),
        formatUsd(high)
      );
}
