import React from 'react';

import { type Usd } from '../api/types';
import { exactUsd, formatUsd } from '../money';

/** An amount of money; its tooltip holds every digit the gateway sent. */
export function Amount({ usd }: { usd: Usd }): React.JSX.Element {
  return (
    <span className="jp-mesh-Amount" title={exactUsd(usd)} data-usd={usd}>
      {formatUsd(usd)}
    </span>
  );
}
