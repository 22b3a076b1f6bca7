import React, { useEffect, useState } from 'react';

import { type CallDetail } from '../api/types';
import { CommandIDs } from '../command-ids';
import { Resource } from '../model/resource';
import { CallRow } from '../sidebar/calls/call-row';
import { Skeleton } from '../ui/placeholder';
import { useResource, useSurroundings } from '../ui/surroundings';
import { TroubleNote } from '../ui/trouble';
import { CallTitle } from './call-title';
import { answerPassages, plain, promptPassages } from './content';
import { KeyFigures } from './key-figures';
import { Passages } from './passages';
import { RecordFacts } from './record-facts';
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
  const wasSent = summary.outcome !== 'refused' && summary.outcome !== 'blocked';
  return (
    <article className="jp-mesh-Call">
      <CallTitle summary={summary} />
      {detail.error_message !== null && (
        <div className="jp-mesh-Note jp-mod-trouble">
          <strong>{summary.error_code}</strong>
          <p>{detail.error_message}</p>
        </div>
      )}
      <KeyFigures detail={detail} />
      {detail.notices.length > 0 && <Notices notices={detail.notices} />}
      {summary.timing !== null && (
        <Part title={trans.__('Where the time went')}>
          <WaterfallView detail={detail} />
        </Part>
      )}
      <Part title={wasSent ? trans.__('Sent to the model, after redaction') : trans.__('Not sent')}>
        <Passages
          passages={promptPassages(detail.request)}
          none={trans.__('Policy keeps no text of this call.')}
        />
      </Part>
      <Part title={trans.__('Answer')}>
        <Passages
          passages={answerPassages(detail.response)}
          none={
            summary.outcome === 'pending'
              ? trans.__('The call is under way.')
              : trans.__('No text of an answer was kept.')
          }
        />
      </Part>
      {detail.verdicts.length > 0 && (
        <Part title={trans.__('Verdicts of the guards')}>
          <Records rows={detail.verdicts} />
        </Part>
      )}
      {detail.attempts.length > 0 && (
        <Part title={trans.__('Failed attempts')}>
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

function Notices({ notices }: { notices: readonly unknown[] }): React.JSX.Element {
  return (
    <ul className="jp-mesh-Notices">
      {notices.map((notice, index) => (
        <li key={index}>{plain((notice as { message?: unknown } | null)?.message ?? notice)}</li>
      ))}
    </ul>
  );
}
