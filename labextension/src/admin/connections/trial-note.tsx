import React from 'react';

import { formatDuration } from '../../figures';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { type Trial } from './use-trial';

/** What came of trying a connection. */
export function TrialNote({ trial }: { trial: Trial }): React.JSX.Element {
  return (
    <div role="status" className="jp-mesh-Trial">
      <Words trial={trial} />
    </div>
  );
}

function Words({ trial }: { trial: Trial }): React.JSX.Element | null {
  const { trans } = useAdmin();
  switch (trial.kind) {
    case 'none':
      return null;
    case 'running':
      return <span className="jp-mesh-dim">{trans.__('Trying…')}</span>;
    case 'failed':
      return (
        <>
          <span className="jp-mesh-Dot jp-mod-bad" aria-hidden="true" />{' '}
          {failureWords(trial.error, trans)}
        </>
      );
    case 'done': {
      const { ok, fault, latency_ms: latency, models } = trial.test;
      return ok ? (
        <>
          <span className="jp-mesh-Dot jp-mod-good" aria-hidden="true" />{' '}
          {trans._n(
            'It works: %1 model, listed within %2.',
            'It works: %1 models, listed within %2.',
            models.length,
            formatDuration(latency)
          )}
        </>
      ) : (
        <>
          <span className="jp-mesh-Dot jp-mod-bad" aria-hidden="true" /> {fault}
        </>
      );
    }
  }
}
