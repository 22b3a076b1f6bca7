import React from 'react';

import { type CallDetail } from '../api/types';
import { exactCount, formatDuration } from '../figures';
import { exactUsd } from '../money';
import { useWords } from '../ui/words';

/** Cost, tokens and time at a glance; the cost to its last digit. */
export function KeyFigures({ detail }: { detail: CallDetail }): React.JSX.Element {
  const trans = useWords();
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
