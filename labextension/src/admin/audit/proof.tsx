import React, { useState } from 'react';

import { type AuditVerdict } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { exactCount } from '../../figures';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { Section } from '../ui/page';
import { checkpointOf } from './search';

type Check =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'done'; verdict: AuditVerdict; against: string }
  | { kind: 'failed'; reason: string };

/** Whether the record is as it was written, and where it ends now, signed, to be kept elsewhere. */
export function Proof(): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [check, setCheck] = useState<Check>({ kind: 'none' });
  const run = async (checkpoint: object | null, against: string): Promise<void> => {
    setCheck({ kind: 'running' });
    try {
      setCheck({ kind: 'done', verdict: await store.api.verify(checkpoint), against });
    } catch (reason) {
      setCheck({ kind: 'failed', reason: failureWords(asMeshError(reason), trans) });
    }
  };
  const runAgainst = async (file: File): Promise<void> => {
    const checkpoint = checkpointOf(await file.text());
    if (checkpoint === null) {
      setCheck({
        kind: 'failed',
        reason: trans.__('%1 is no checkpoint: choose a file that was downloaded here.', file.name)
      });
    } else {
      await run(checkpoint, file.name);
    }
  };
  const keep = async (): Promise<void> => {
    try {
      const checkpoint = await store.api.checkpoint();
      download(JSON.stringify(checkpoint, null, 2), `checkpoint-${checkpoint.made_at}.json`);
    } catch (reason) {
      setCheck({ kind: 'failed', reason: failureWords(asMeshError(reason), trans) });
    }
  };
  return (
    <Section
      title={trans.__('Proof')}
      hint={trans.__(
        'Each record holds the fingerprint of the one before it. A checkpoint, kept outside of the mesh, also shows what was cut off at the end.'
      )}
    >
      <div className="jp-mesh-Inline">
        <button
          type="button"
          className="jp-mesh-Button"
          disabled={check.kind === 'running'}
          onClick={() => void run(null, '')}
        >
          {trans.__('Verify the record')}
        </button>
        <label className="jp-mesh-Button jp-mesh-FileButton">
          {trans.__('Verify against a checkpoint…')}
          <input
            type="file"
            accept=".json,application/json"
            disabled={check.kind === 'running'}
            onChange={event => {
              const [file] = event.target.files ?? [];
              event.target.value = '';
              if (file) {
                void runAgainst(file);
              }
            }}
          />
        </label>
        <button type="button" className="jp-mesh-Button" onClick={() => void keep()}>
          {trans.__('Download a checkpoint')}
        </button>
      </div>
      <div role="status">
        {check.kind === 'running' && <p>{trans.__('Reading every record…')}</p>}
        {check.kind === 'done' && <Verdict {...check} />}
        {check.kind === 'failed' && (
          <div className="jp-mesh-Notice jp-mod-error">{check.reason}</div>
        )}
      </div>
    </Section>
  );
}

function Verdict(props: { verdict: AuditVerdict; against: string }): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { verdict, against } = props;
  const { fault, entries, unsealed } = verdict;
  if (fault !== null) {
    return (
      <div className="jp-mesh-Notice jp-mod-error">
        <strong>{trans.__('The record was altered.')}</strong>{' '}
        {trans.__('The first bad one is number %1 of writer %2:', fault.number, fault.writer)}{' '}
        {fault.reason}{' '}
        {fault.call.startsWith('call_') ? (
          <button
            type="button"
            className="jp-mesh-Link"
            onClick={() => place.go({ page: 'audit', open: { kind: 'call', name: fault.call } })}
          >
            {trans.__('Show call %1', fault.call)}
          </button>
        ) : (
          <bdi>{fault.call}</bdi>
        )}
      </div>
    );
  }
  return (
    <div className="jp-mesh-Notice jp-mod-good">
      <strong>
        {trans._n(
          'The one record is as it was written.',
          'All %1 records are as they were written.',
          entries,
          exactCount(entries)
        )}
      </strong>{' '}
      {against !== '' && trans.__('They hold all that %1 knows of.', against)}{' '}
      {unsealed > 0 &&
        trans._n(
          'One call is older than the chain and not covered.',
          '%1 calls are older than the chain and not covered.',
          unsealed
        )}
    </div>
  );
}

function download(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name.replaceAll(':', '-');
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
