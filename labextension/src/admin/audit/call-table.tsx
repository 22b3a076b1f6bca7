import React, { useCallback, useEffect, useMemo } from 'react';

import { type CallSummary } from '../../api/types';
import { type Query } from '../../api/transport';
import { exactCount, formatCount, formatDuration } from '../../figures';
import { endName, modelName, outcomeTone, reasonName } from '../../sidebar/calls/outcome';
import { Amount } from '../../ui/amount';
import { EmptyNote, SkeletonLines } from '../../ui/placeholder';
import { useSignal } from '../../ui/surroundings';
import { Trouble } from '../../ui/trouble';
import { useAdmin } from '../context';
import { VirtualRows } from '../ui/virtual-rows';
import { CallList } from './call-list';

const ROW = 34;

/** The calls that match, newest first; more come as one scrolls. */
export function CallTable(props: {
  search: Query;
  isNarrowed: boolean;
  showsUsers: boolean;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { search, isNarrowed, showsUsers } = props;
  const list = useMemo(() => new CallList(store.api, search), [store, search]);
  useSignal(list.changed);
  useEffect(() => {
    void list.more();
  }, [list]);
  const { calls, next, searchedTo, isLoading, error } = list.state;
  // Also where a page was empty and the search goes on further back.
  const onEnd = useCallback(() => {
    if (calls.length > 0 && list.state.error === null) {
      void list.more();
    }
  }, [list, calls.length]);
  useEffect(() => {
    if (calls.length === 0 && next !== null && !isLoading && error === null) {
      void list.more();
    }
  }, [list, calls.length, next, isLoading, error]);
  const foot = (
    <>
      {error !== null && (
        <Trouble
          error={error}
          onRetry={() => void list.more()}
          trans={trans}
          admin={store.me.value?.admin_contact}
        />
      )}
      {next !== null && searchedTo !== null && error === null && (
        <p className="jp-mesh-dim" role="status">
          {trans.__('Looked back to %1…', new Date(searchedTo).toLocaleString())}
        </p>
      )}
      {isLoading && <SkeletonLines lines={3} label={trans.__('Loading')} />}
    </>
  );
  if (calls.length === 0) {
    return isLoading || error !== null || next !== null ? (
      foot
    ) : (
      <EmptyNote>
        {isNarrowed
          ? trans.__('No call matches. Clear a field to see more.')
          : trans.__('No call was recorded yet.')}
      </EmptyNote>
    );
  }
  const heads = [
    trans.__('When'),
    showsUsers ? trans.__('User, application') : trans.__('Application'),
    trans.__('Model'),
    trans.__('Outcome'),
    trans.__('Tokens'),
    trans.__('Cost'),
    trans.__('Time')
  ];
  return (
    <VirtualRows
      label={trans.__('Calls')}
      rows={calls}
      rowHeight={ROW}
      total={next === null ? calls.length : -1}
      keyOf={({ id }) => id}
      head={
        <div role="row" className="jp-mesh-Calls-row" aria-rowindex={1}>
          {heads.map((head, index) => (
            <span key={head} role="columnheader" className={index > 3 ? 'jp-mod-number' : ''}>
              {head}
            </span>
          ))}
        </div>
      }
      foot={foot}
      onEnd={onEnd}
    >
      {call => <Row call={call} showsUsers={showsUsers} />}
    </VirtualRows>
  );
}

/** Drawn once, however often those around it come and go while one scrolls. */
const Row = React.memo(function Row(props: {
  call: CallSummary;
  showsUsers: boolean;
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { call, showsUsers } = props;
  const onOpen = (): void =>
    place.go({ ...place.spot, page: 'audit', open: { kind: 'call', name: call.id } });
  const { tokens, timing } = call;
  const who = [showsUsers && call.user, call.application, call.key].filter(Boolean).join(' · ');
  const model = modelName(call, trans);
  const reason = reasonName(call.error_code, trans);
  const outcome = [endName(call, trans), reason].filter(Boolean).join(': ');
  return (
    <div className="jp-mesh-Calls-row">
      <span role="cell">
        <button type="button" className="jp-mesh-Link" onClick={onOpen}>
          <time dateTime={call.started_at}>{moment(call.started_at)}</time>
        </button>
      </span>
      <span role="cell" title={[who, call.purpose, call.document].filter(Boolean).join('\n')}>
        <bdi>{who}</bdi>
      </span>
      <span role="cell" title={model}>
        {call.parent !== null && (
          <span className="jp-mesh-dim" title={trans.__('made for another call')}>
            ↳{' '}
          </span>
        )}
        <bdi>{model}</bdi>
      </span>
      <span
        role="cell"
        title={call.error_code === null ? undefined : `${outcome} (${call.error_code})`}
      >
        <span className={`jp-mesh-Dot jp-mod-${outcomeTone(call.outcome)}`} aria-hidden="true" />{' '}
        {outcome}
        {call.has_finding && (
          <>
            {' '}
            <span className="jp-mesh-Badge jp-mod-info">{trans.__('guard')}</span>
          </>
        )}
      </span>
      <span
        role="cell"
        className="jp-mod-number"
        title={trans.__('%1 in, %2 out', exactCount(tokens.input), exactCount(tokens.output))}
      >
        {tokens.estimated ? '≈ ' : ''}
        {formatCount(tokens.input + tokens.output)}
      </span>
      <span role="cell" className="jp-mod-number">
        {call.cost_usd === null ? '–' : <Amount usd={call.cost_usd} />}
      </span>
      <span role="cell" className="jp-mod-number">
        {timing === null ? '–' : formatDuration(timing.total)}
      </span>
    </div>
  );
});

const OF_THIS_YEAR: Intl.DateTimeFormatOptions = {
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23'
};
// Making one takes longer than using it for a screen of rows.
const thisYear = new Intl.DateTimeFormat(undefined, OF_THIS_YEAR);
const otherYear = new Intl.DateTimeFormat(undefined, { year: '2-digit', ...OF_THIS_YEAR });

/** To the second: calls of one minute are told apart by it. The year where it is not this one. */
function moment(text: string): string {
  const at = new Date(text);
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  return (isThisYear ? thisYear : otherYear).format(at);
}
