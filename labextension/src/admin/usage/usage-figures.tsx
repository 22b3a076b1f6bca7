import React from 'react';

import { type Usage } from '../../api/types';
import { exactCount, formatCount, formatShare } from '../../figures';
import { exactUsd, formatUsd, isZeroUsd, usdOf } from '../../money';
import { useAdmin } from '../context';
import { KeyFigure, KeyFigures } from '../ui/key-figures';
import { amountOf } from './measure';

/** The gateway's totals of what is shown. */
export function UsageFigures({ usage }: { usage: Usage }): React.JSX.Element {
  const { trans } = useAdmin();
  const { total, idle_usd: idle } = usage;
  const cost = usdOf(amountOf(total, 'money'));
  const money = (name: string, usd: string, note?: string): React.JSX.Element => (
    <KeyFigure name={name} title={exactUsd(usd)} note={note}>
      <span data-usd={usd}>{formatUsd(usd)}</span>
    </KeyFigure>
  );
  return (
    <KeyFigures>
      {money(
        trans.__('Cost'),
        cost,
        isZeroUsd(total.fixed_usd)
          ? undefined
          : trans.__('of this %1 by the hour', formatUsd(total.fixed_usd))
      )}
      <KeyFigure name={trans.__('Calls')}>{exactCount(total.calls)}</KeyFigure>
      <KeyFigure
        name={trans.__('Tokens')}
        title={trans.__(
          '%1 in, %2 out',
          exactCount(total.input_tokens),
          exactCount(total.output_tokens)
        )}
        note={trans.__(
          '%1 in, %2 out',
          formatCount(total.input_tokens),
          formatCount(total.output_tokens)
        )}
      >
        {formatCount(total.input_tokens + total.output_tokens)}
      </KeyFigure>
      {money(
        trans.__('Saved by cache'),
        total.saved_usd,
        total.calls > 0
          ? trans.__('%1 of the calls', formatShare(total.cached_calls / total.calls))
          : undefined
      )}
      {money(
        trans.__('Saved by fallback'),
        total.saved_by_fallback_usd,
        trans.__('against the first model of the alias')
      )}
      {!isZeroUsd(idle) &&
        money(trans.__('Idle'), idle, trans.__('paid by the hour and used by nobody'))}
      {total.unpriced > 0 && (
        <KeyFigure
          name={trans.__('Without a price')}
          isBad
          note={trans.__('their cost is not in the sums')}
        >
          {trans._n('%1 call', '%1 calls', total.unpriced)}
        </KeyFigure>
      )}
    </KeyFigures>
  );
}
