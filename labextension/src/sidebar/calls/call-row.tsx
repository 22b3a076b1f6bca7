import React from 'react';

import { type CallSummary } from '../../api/types';
import { formatCount, formatDuration } from '../../figures';
import { Amount } from '../../ui/amount';
import { useWords } from '../../ui/words';
import { endName, modelName, outcomeTone } from './outcome';

/** One call: when, which model, how many tokens, what it cost. */
export function CallRow(props: {
  call: CallSummary;
  /** False for a row that arrow keys reach, but not Tab. */
  isTabStop?: boolean;
  onOpen: (id: string) => void;
}): React.JSX.Element {
  const trans = useWords();
  const { call, onOpen } = props;
  const outcome = endName(call, trans);
  const started = new Date(call.started_at);
  const model = modelName(call, trans);
  return (
    <li>
      <button
        type="button"
        className="jp-mesh-CallRow"
        tabIndex={props.isTabStop === false ? -1 : 0}
        data-row={call.id}
        title={[model, started.toLocaleString(), call.document, outcome].filter(Boolean).join('\n')}
        onClick={() => onOpen(call.id)}
      >
        <span className={`jp-mesh-Dot jp-mod-${outcomeTone(call.outcome)}`} aria-hidden="true" />
        <time dateTime={call.started_at}>{clock(started)}</time>
        <span className="jp-mesh-CallRow-model">
          <bdi>{nameOf(model)}</bdi>
        </span>
        <span className="jp-mesh-CallRow-cost">
          {call.cost_usd === null ? (
            <span className="jp-mesh-dim">{isBilled(call) ? trans.__('unpriced') : '–'}</span>
          ) : (
            <Amount usd={call.cost_usd} />
          )}
        </span>
        <span className="jp-mesh-CallRow-facts jp-mesh-dim">
          {call.outcome === 'answered' ? (
            <span className="jp-mesh-visually-hidden">{outcome}</span>
          ) : (
            <span>{outcome}</span>
          )}
          <span>
            {trans.__(
              '%1%2 tokens',
              call.tokens.estimated ? '≈ ' : '',
              formatCount(call.tokens.input + call.tokens.output)
            )}
          </span>
          {call.timing !== null && <span>{formatDuration(call.timing.total)}</span>}
        </span>
      </button>
    </li>
  );
}

/** The name without its connection; the connection stands in the tooltip. */
function nameOf(model: string): string {
  return model.slice(model.indexOf('/') + 1);
}

/** Only what reached a provider can have a price. */
function isBilled({ outcome }: CallSummary): boolean {
  return outcome !== 'refused' && outcome !== 'pending' && outcome !== 'blocked';
}

/** Hours and minutes today, the day before that. */
function clock(moment: Date): string {
  const isToday = moment.toDateString() === new Date().toDateString();
  return isToday
    ? moment.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    : moment.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}
