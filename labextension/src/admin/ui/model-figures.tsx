import React from 'react';

import { type ModelCard } from '../../api/types';
import { priceWords } from '../../catalogue/words';
import { exactCount, formatDuration } from '../../figures';
import { useAdmin } from '../context';

export function PriceWords({ card }: { card: ModelCard }): React.JSX.Element {
  const { trans } = useAdmin();
  const { short, long } = priceWords(card, trans);
  return (
    <span className="jp-mesh-Amount" title={long}>
      {short}
    </span>
  );
}

/** Time to the first token and tokens per second; a dash where nothing was measured. */
export function SpeedWords({ card: { speed } }: { card: ModelCard }): React.JSX.Element {
  const { trans } = useAdmin();
  const first = speed?.first_token_ms ?? speed?.p50_ms ?? null;
  const rate = speed?.tokens_per_second ?? null;
  if (first === null && rate === null) {
    return (
      <span className="jp-mesh-dim" title={trans.__('No call was measured in the last 24 hours')}>
        –
      </span>
    );
  }
  return (
    <span
      className="jp-mesh-Amount"
      title={trans.__('Time to the first token, and tokens per second; medians')}
    >
      {first !== null && formatDuration(first)}
      {first !== null && rate !== null && ' · '}
      {rate !== null && trans.__('%1 tok/s', exactCount(rate))}
    </span>
  );
}
