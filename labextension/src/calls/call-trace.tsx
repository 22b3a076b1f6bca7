import React from 'react';

import { type CallDetail } from '../api/types';
import { exactCount } from '../figures';
import { CallRow } from '../sidebar/calls/call-row';
import { useWords } from '../ui/words';
import { CallTitle } from './call-title';
import { answerPassages, plain, promptPassages } from './content';
import { askedTitle, keptWords } from './kept-text';
import { KeyFigures } from './key-figures';
import { Passages } from './passages';
import { RecordFacts } from './record-facts';
import { Records } from './records';
import { Verdicts } from './verdicts';
import { WaterfallView } from './waterfall-view';

/** Everything recorded of one call: what was sent, what came of it, and where the time went. */
export function CallTrace(props: {
  detail: CallDetail;
  /** Opens a call that was made for this one. */
  onOpen: (id: string) => void;
  /** What is said of it first. */
  children?: React.ReactNode;
}): React.JSX.Element {
  const trans = useWords();
  const { detail, onOpen } = props;
  const { summary } = detail;
  const hasText = detail.request !== null || detail.response !== null;
  return (
    <article className="jp-mesh-Call">
      <CallTitle summary={summary} />
      {props.children}
      {detail.error_message !== null && (
        <div className="jp-mesh-Note jp-mod-trouble">
          <strong>{summary.error_code}</strong>
          <p>{detail.error_message}</p>
          {summary.stands_for > 1 && (
            <p>
              {trans.__(
                'This record is of %1 calls that came within about a second and were turned away alike. None of them was read.',
                exactCount(summary.stands_for)
              )}
            </p>
          )}
        </div>
      )}
      <KeyFigures detail={detail} />
      {detail.notices.length > 0 && <Notices notices={detail.notices} />}
      {summary.timing !== null && (
        <Part title={trans.__('Where the time went')}>
          <WaterfallView detail={detail} />
        </Part>
      )}
      <Part title={hasText ? askedTitle(detail, trans) : trans.__('Text')}>
        <Passages
          passages={promptPassages(detail.request)}
          none={hasText ? trans.__('No text of it was kept.') : keptWords(detail, trans)}
        />
      </Part>
      {hasText && (
        <Part title={trans.__('Answer')}>
          <Passages
            passages={answerPassages(detail.response)}
            none={
              summary.outcome === 'pending'
                ? trans.__('The call is under way.')
                : trans.__('There is no text of an answer.')
            }
          />
        </Part>
      )}
      {detail.verdicts.length > 0 && (
        <Part title={trans.__('Verdicts of the guards')}>
          <Verdicts verdicts={detail.verdicts} />
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
              <CallRow key={child.id} call={child} onOpen={onOpen} />
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
