import React, { useState } from 'react';

import { type IDraftObject, type PolicyReplayResult } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { actionWords } from '../../calls/verdict-words';
import { exactCount } from '../../figures';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { KeyFigure, KeyFigures } from '../ui/key-figures';
import { momentWords } from '../ui/moments';
import { Section } from '../ui/page';

const SIZES = [50, 100, 200, 500] as const;
type Trial =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'done'; result: PolicyReplayResult }
  | { kind: 'failed'; reason: string };

/** What a policy would have done to the newest calls whose text is kept. */
export function PastCalls(props: { draft?: () => readonly IDraftObject[] }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [calls, setCalls] = useState<number>(100);
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const run = async (): Promise<void> => {
    setTrial({ kind: 'running' });
    try {
      const result = await store.api.replayPolicy(props.draft?.() ?? [], calls);
      setTrial({ kind: 'done', result });
    } catch (reason) {
      setTrial({ kind: 'failed', reason: failureWords(asMeshError(reason), trans) });
    }
  };
  return (
    <Section
      title={trans.__('Past calls')}
      hint={trans.__(
        'What would have come of calls whose text is kept. The gateway looks at them itself: you see counts and no text, and that you asked is on record.'
      )}
    >
      <div className="jp-mesh-Inline">
        <label>
          {trans.__('The newest')}{' '}
          <select value={calls} onChange={event => setCalls(Number(event.target.value))}>
            {SIZES.map(one => (
              <option key={one} value={one}>
                {exactCount(one)}
              </option>
            ))}
          </select>{' '}
          {trans.__('calls')}
        </label>
        <button
          type="button"
          className="jp-mesh-Button"
          disabled={trial.kind === 'running'}
          onClick={() => void run()}
        >
          {trial.kind === 'running' ? trans.__('Trying…') : trans.__('Try on past calls')}
        </button>
      </div>
      <div role="status">
        {trial.kind === 'failed' && <p className="jp-mesh-Form-error">{trial.reason}</p>}
        {trial.kind === 'done' && <Result result={trial.result} />}
      </div>
    </Section>
  );
}

function Result({ result }: { result: PolicyReplayResult }): React.JSX.Element {
  const { trans } = useAdmin();
  if (result.calls === 0) {
    return <p>{trans.__('No text of any call is kept, so there is nothing to try it on.')}</p>;
  }
  const { blocked, changed, alerted, unavailable, passed } = result;
  return (
    <>
      <p className="jp-mesh-Sentence">
        {trans.__(
          'Of %1 calls it would have refused %2 and changed %3.',
          exactCount(result.calls),
          exactCount(blocked + unavailable),
          exactCount(changed)
        )}
      </p>
      <KeyFigures>
        <KeyFigure name={trans.__('Refused')} isBad={blocked > 0}>
          {exactCount(blocked)}
        </KeyFigure>
        <KeyFigure name={trans.__('Changed')}>{exactCount(changed)}</KeyFigure>
        <KeyFigure name={trans.__('Passed with an alert')}>{exactCount(alerted)}</KeyFigure>
        <KeyFigure name={trans.__('Passed')}>{exactCount(passed)}</KeyFigure>
        {unavailable > 0 && (
          <KeyFigure name={trans.__('Refused, a guard failed')} isBad>
            {exactCount(unavailable)}
          </KeyFigure>
        )}
      </KeyFigures>
      <ul className="jp-mesh-dim">
        {notes(result, trans).map(note => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      {result.by_subject.length > 0 && <Subjects result={result} />}
      {result.examples.length > 0 && <Examples result={result} />}
    </>
  );
}

function notes(
  { redacted_before: redacted, gone, complete }: PolicyReplayResult,
  trans: ReturnType<typeof useAdmin>['trans']
): string[] {
  return [
    redacted > 0 &&
      trans.__(
        'Of %1 the text is kept redacted: a placeholder counts as what had stood there, and what was not found then can be found now.',
        exactCount(redacted)
      ),
    gone > 0 &&
      trans.__('%1 calls are left out: their models are there no more.', exactCount(gone)),
    !complete && trans.__('A minute was over before all were looked at.')
  ].filter((note): note is string => note !== false);
}

function Subjects({ result }: { result: PolicyReplayResult }): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <table className="jp-mesh-Table" aria-label={trans.__('By what was found')}>
      <thead>
        <tr>
          <th scope="col">{trans.__('Found')}</th>
          <th scope="col">{trans.__('What would have come of it')}</th>
          <th scope="col" className="jp-mod-number">
            {trans.__('Calls')}
          </th>
          <th scope="col" className="jp-mod-number">
            {trans.__('Times')}
          </th>
        </tr>
      </thead>
      <tbody>
        {result.by_subject.map(({ subject, action, watched, calls, hits }) => (
          <tr key={`${subject} ${action} ${String(watched)}`}>
            <td>{subject}</td>
            <td>
              {actionWords(action, trans)}
              {watched && ` (${trans.__('only watched')})`}
            </td>
            <td className="jp-mod-number">{exactCount(calls)}</td>
            <td className="jp-mod-number">{exactCount(hits)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Examples({ result }: { result: PolicyReplayResult }): React.JSX.Element {
  const { trans, place } = useAdmin();
  const fates: Record<PolicyReplayResult['examples'][number]['outcome'], string> = {
    blocked: trans.__('refused'),
    changed: trans.__('changed'),
    alerted: trans.__('let pass with an alert'),
    unavailable: trans.__('refused, a guard failed')
  };
  return (
    <details className="jp-mesh-Details">
      <summary>{trans.__('The calls')}</summary>
      <div className="jp-mesh-Scroll">
        <table className="jp-mesh-Table" aria-label={trans.__('The calls')}>
          <thead>
            <tr>
              <th scope="col">{trans.__('When')}</th>
              <th scope="col">{trans.__('User')}</th>
              <th scope="col">{trans.__('Model')}</th>
              <th scope="col">{trans.__('Would be')}</th>
              <th scope="col">{trans.__('For')}</th>
            </tr>
          </thead>
          <tbody>
            {result.examples.map(one => (
              <tr key={one.id}>
                <td>
                  <button
                    type="button"
                    className="jp-mesh-Link"
                    onClick={() =>
                      place.go({ page: 'audit', open: { kind: 'call', name: one.id } })
                    }
                  >
                    {momentWords(one.started_at)}
                  </button>
                </td>
                <td>
                  <bdi>{one.user}</bdi>
                </td>
                <td>
                  <bdi>{one.model ?? '–'}</bdi>
                </td>
                <td>{fates[one.outcome]}</td>
                <td>{one.found.join(', ') || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
