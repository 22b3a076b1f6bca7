import React from 'react';

import { type CallSummary } from '../api/types';
import { endName, modelName, outcomeTone } from '../sidebar/calls/outcome';
import { useWords } from '../ui/words';

/** Which model answered, how the call ended, when and where it was made. */
export function CallTitle({ summary }: { summary: CallSummary }): React.JSX.Element {
  const trans = useWords();
  const model = modelName(summary, trans);
  return (
    <header>
      <h1>
        <bdi>{model}</bdi>
        <span className="jp-mesh-Call-outcome">
          <span className={`jp-mesh-Dot jp-mod-${outcomeTone(summary.outcome)}`} />
          {endName(summary, trans)}
        </span>
      </h1>
      <p className="jp-mesh-dim">
        {[
          new Date(summary.started_at).toLocaleString(),
          summary.requested_model !== '' &&
            summary.requested_model !== model &&
            trans.__('asked for as %1', summary.requested_model),
          summary.document
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </header>
  );
}
