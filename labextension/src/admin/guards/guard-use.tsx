import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo } from 'react';

import { type GuardUse } from '../../api/admin-types';
import { actionWords } from '../../calls/verdict-words';
import { ChartFigure } from '../../charts/chart-figure';
import { Legend } from '../../charts/legend';
import { type IReadout } from '../../charts/readout';
import { StackedBars } from '../../charts/stacked-bars';
import { fittingStep, type IStep, startOf, stepsOf } from '../../charts/steps';
import { countTicks } from '../../charts/ticks';
import { type Tone, toneOf } from '../../charts/tones';
import { exactCount } from '../../figures';
import { Resource } from '../../model/resource';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type View } from '../place';
import { Loaded } from '../ui/loaded';
import { Section } from '../ui/page';
import { Segments } from '../ui/segments';
import { useViewChange } from '../use-view';

const DAYS = { '24h': 1, '7d': 7, '30d': 30 } as const;
type Span = keyof typeof DAYS;
const SPANS = Object.keys(DAYS) as Span[];
const DAY_MS = 86_400_000;

/** What guards found in a time: over time, and by guard and kind. */
export function GuardUseView({ view }: { view: View }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const change = useViewChange();
  const span = SPANS.find(one => one === view['time']) ?? '7d';
  const resource = useMemo(() => {
    const until = new Date();
    const since = new Date(until.getTime() - DAYS[span] * DAY_MS);
    return new Resource(() => store.api.guardUse({ since, until }));
  }, [store, span]);
  const names: Record<Span, string> = {
    '24h': trans.__('24 hours'),
    '7d': trans.__('7 days'),
    '30d': trans.__('30 days')
  };
  return (
    <Section
      title={trans.__('What guards found')}
      hint={trans.__('Counted with each call as it is recorded; the text itself is not kept here.')}
    >
      <div className="jp-mesh-Inline">
        <Segments
          label={trans.__('Time')}
          options={SPANS.map(one => [one, names[one]] as const)}
          value={span}
          onChange={one => change({ time: one === '7d' ? null : one })}
        />
      </div>
      <Loaded key={span} resource={resource}>
        {use =>
          use.rows.length === 0 ? (
            <EmptyNote>{trans.__('Guards found nothing in this time.')}</EmptyNote>
          ) : (
            <>
              <OverTime use={use} />
              <Hits use={use} />
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

interface ISeries {
  name: string;
  tone: Tone;
  values: number[];
}

function OverTime({ use }: { use: GuardUse }): React.JSX.Element {
  const { trans } = useAdmin();
  const [since, until] = [new Date(use.since), new Date(use.until)];
  const stepName = fittingStep(since, until);
  const steps = stepsOf(since, until, stepName);
  const series = seriesOf(use, steps, moment => startOf(moment, stepName), trans);
  const title = trans.__('Found over time');
  const readout = (at: number): IReadout => ({
    lines: series.map(({ name, tone, values }) => {
      const value = values[at] ?? 0;
      return { name, tone, words: exactCount(value), isNothing: value === 0 };
    })
  });
  const most = Math.max(
    1,
    ...steps.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0))
  );
  return (
    <ChartFigure title={title} steps={steps} readout={readout}>
      <Legend entries={series.map(({ name, tone }) => ({ name, tone }))} />
      <StackedBars
        label={title}
        steps={steps}
        stepName={stepName}
        ticks={countTicks(most)}
        series={series}
        height={160}
        readout={readout}
      />
    </ChartFigure>
  );
}

function seriesOf(
  { hours }: GuardUse,
  steps: readonly IStep[],
  stepOf: (moment: Date) => Date,
  trans: TranslationBundle
): ISeries[] {
  const places = new Map(steps.map(({ start }, at) => [start.getTime(), at]));
  const actions = [...new Set(hours.flatMap(({ hits }) => Object.keys(hits)))].sort();
  return actions.map((action, index) => {
    const values = new Array<number>(steps.length).fill(0);
    for (const { hour, hits } of hours) {
      const at = places.get(stepOf(new Date(hour)).getTime());
      if (at !== undefined) {
        values[at] = (values[at] ?? 0) + (hits[action] ?? 0);
      }
    }
    const isBad = action === 'block';
    return { name: hitWords(action, trans), tone: isBad ? 'bad' : toneOf(index), values };
  });
}

function hitWords(action: string, trans: TranslationBundle): string {
  return action === 'watched' ? trans.__('only watched') : actionWords(action, trans);
}

function Hits({ use }: { use: GuardUse }): React.JSX.Element {
  const { trans, place } = useAdmin();
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table" aria-label={trans.__('By guard and kind')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Found')}</th>
            <th scope="col">{trans.__('Guard')}</th>
            <th scope="col">{trans.__('What came of it')}</th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Calls')}
            </th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Times')}
            </th>
          </tr>
        </thead>
        <tbody>
          {use.rows.map(({ guard, subject, action, mode, calls, hits }) => (
            <tr key={`${guard} ${subject} ${action} ${mode}`}>
              <td>
                <button
                  type="button"
                  className="jp-mesh-Link"
                  title={trans.__('Show the calls')}
                  onClick={() =>
                    place.go({
                      page: 'audit',
                      view: { finding: isDirection(subject) ? guard : subject }
                    })
                  }
                >
                  {subjectWords(subject, trans)}
                </button>
              </td>
              <td>
                <bdi>{guard}</bdi>
              </td>
              <td>
                {actionWords(action, trans)}
                {mode === 'monitor' && ` (${trans.__('only watched')})`}
              </td>
              <td className="jp-mod-number">{exactCount(calls)}</td>
              <td className="jp-mod-number">{exactCount(hits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isDirection(subject: string): boolean {
  return subject === 'request' || subject === 'response';
}

function subjectWords(subject: string, trans: TranslationBundle): string {
  switch (subject) {
    case 'request':
      return trans.__('a request');
    case 'response':
      return trans.__('an answer');
    default:
      return subject;
  }
}
