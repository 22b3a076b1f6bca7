import React, { useEffect, useState } from 'react';

import { type CallDetail, type CallSummary } from '../api/types';
import { exactCount, formatDuration } from '../figures';
import { exactUsd } from '../money';
import { Resource } from '../model/resource';
import { CallRow } from '../sidebar/calls/call-row';
import { outcomeName, outcomeTone } from '../sidebar/calls/outcome';
import { CommandIDs } from '../command-ids';
import { Skeleton } from '../ui/placeholder';
import { useResource, useSurroundings } from '../ui/surroundings';
import { TroubleNote } from '../ui/trouble';
import { answerPassages, type IPassage, parameters, plain, promptPassages } from './content';
import { FactsGrid } from './facts-grid';
import { Records } from './records';
import { WaterfallView } from './waterfall-view';

/** Everything recorded of one call. Asked for again until the call has ended. */
export function CallView({ id }: { id: string }): React.JSX.Element {
  const { model } = useSurroundings();
  const [resource] = useState(() => new Resource(() => model.client.call(id)));
  const detail = useResource(resource);
  useEffect(() => {
    void resource.refresh();
    const refreshPending = (): void => {
      if (resource.value?.summary.outcome === 'pending') {
        void resource.refresh();
      }
    };
    model.calls.changed.connect(refreshPending);
    return () => {
      model.calls.changed.disconnect(refreshPending);
    };
  }, [model, resource]);
  switch (detail.kind) {
    case 'loading':
      return <Skeleton lines={9} />;
    case 'failed':
      return <TroubleNote error={detail.error} onRetry={() => void resource.refresh()} />;
    case 'ready':
      return <Detail detail={detail.value} />;
  }
}

function Detail({ detail }: { detail: CallDetail }): React.JSX.Element {
  const { trans, commands } = useSurroundings();
  const { summary } = detail;
  return (
    <article className="jp-mesh-Call">
      <Title summary={summary} />
      {detail.error_message !== null && (
        <div className="jp-mesh-Note jp-mod-trouble">
          <strong>{summary.error_code}</strong>
          <p>{detail.error_message}</p>
        </div>
      )}
      <KeyFigures detail={detail} />
      {detail.notices.length > 0 && <Notices notices={detail.notices} />}
      <Part title={trans.__('Where the time went')}>
        <WaterfallView detail={detail} />
      </Part>
      <Part title={trans.__('Sent to the model, after redaction')}>
        <Passages
          passages={promptPassages(detail.request)}
          none={trans.__('Policy keeps no text of this call.')}
        />
      </Part>
      <Part title={trans.__('Answer')}>
        <Passages
          passages={answerPassages(detail.response)}
          none={trans.__('No text of an answer was kept.')}
        />
      </Part>
      {detail.verdicts.length > 0 && (
        <Part title={trans.__('Verdicts of the guards')}>
          <Records rows={detail.verdicts} />
        </Part>
      )}
      {detail.attempts.length > 0 && (
        <Part title={trans.__('Attempts')}>
          <Records rows={detail.attempts} />
        </Part>
      )}
      {detail.children.length > 0 && (
        <Part title={trans.__('Calls made for this call')}>
          <ul className="jp-mesh-Calls-list">
            {detail.children.map(child => (
              <CallRow
                key={child.id}
                call={child}
                onOpen={id => void commands.execute(CommandIDs.openCall, { id })}
              />
            ))}
          </ul>
        </Part>
      )}
      <Part title={trans.__('Record')}>
        <RecordFacts detail={detail} />
      </Part>
    </article>
  );
}

function Part(props: { title: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <section>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

function Title({ summary }: { summary: CallSummary }): React.JSX.Element {
  const { trans } = useSurroundings();
  const model = summary.model ?? summary.requested_model;
  return (
    <header>
      <h1>
        <bdi>{model}</bdi>
        <span className="jp-mesh-Call-outcome">
          <span className={`jp-mesh-Dot jp-mod-${outcomeTone(summary.outcome)}`} />
          {outcomeName(summary.outcome, trans)}
        </span>
      </h1>
      <p className="jp-mesh-dim">
        {[
          new Date(summary.started_at).toLocaleString(),
          summary.requested_model !== model && trans.__('asked for as %1', summary.requested_model),
          summary.document
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </header>
  );
}

function KeyFigures({ detail }: { detail: CallDetail }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { tokens, timing, cost_usd: cost } = detail.summary;
  const about = tokens.estimated ? '≈ ' : '';
  const extra = (count: number, word: string): string =>
    count > 0 ? ` (${exactCount(count)} ${word})` : '';
  const figures: (readonly [string, string | null])[] = [
    [trans.__('Cost'), cost === null ? trans.__('no price is known') : exactUsd(cost)],
    [
      trans.__('Tokens in'),
      about + exactCount(tokens.input) + extra(tokens.cache_read, trans.__('cached'))
    ],
    [
      trans.__('Tokens out'),
      about + exactCount(tokens.output) + extra(tokens.reasoning, trans.__('reasoning'))
    ],
    [trans.__('Time'), timing && formatDuration(timing.total)],
    [trans.__('Finished by'), detail.finish_reason]
  ];
  return (
    <div className="jp-mesh-KeyFigures">
      {figures
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <span className="jp-mesh-dim">{name}</span>
            <strong>{value}</strong>
          </div>
        ))}
    </div>
  );
}

function Notices({ notices }: { notices: readonly unknown[] }): React.JSX.Element {
  return (
    <ul className="jp-mesh-Notices">
      {notices.map((notice, index) => (
        <li key={index}>{plain((notice as { message?: unknown } | null)?.message ?? notice)}</li>
      ))}
    </ul>
  );
}

/** Text as it was, line by line: never markup. */
function Passages(props: { passages: readonly IPassage[]; none: string }): React.JSX.Element {
  if (props.passages.length === 0) {
    return <p className="jp-mesh-dim">{props.none}</p>;
  }
  return (
    <>
      {props.passages.map(({ role, text }, index) => (
        <div key={index} className="jp-mesh-Passage">
          {role !== '' && <span className="jp-mesh-Badge">{role}</span>}
          <pre dir="auto">{text}</pre>
        </div>
      ))}
    </>
  );
}

function RecordFacts({ detail }: { detail: CallDetail }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { summary } = detail;
  const facts: [string, string][] = [
    [trans.__('Request'), summary.id],
    [trans.__('User'), summary.user],
    [trans.__('Application'), summary.application],
    [trans.__('Purpose'), summary.purpose],
    [trans.__('Operation'), summary.operation],
    [trans.__('Candidates'), detail.candidates.join(' → ')],
    [trans.__('Screened'), detail.screened],
    [trans.__('Price from'), detail.price_source ?? ''],
    ...Object.entries(detail.tags).map(([name, value]): [string, string] => [
      trans.__('Tag %1', name),
      plain(value)
    ]),
    ...parameters(detail.request)
  ];
  return <FactsGrid facts={facts.filter(([, value]) => value !== '')} />;
}
