import React, { type KeyboardEvent, useRef, useState } from 'react';

import { asMeshError, type MeshRequestError } from '../../api/errors';
import { type CallPage, type CallSummary } from '../../api/types';
import { CommandIDs } from '../../command-ids';
import { EmptyNote, Skeleton } from '../../ui/placeholder';
import { useResource, useSignal, useSurroundings } from '../../ui/surroundings';
import { TroubleNote } from '../../ui/trouble';
import { CallRow } from './call-row';
import { rowAfterKey, rowElement, rowOf } from '../roving';
import { joined } from './pages';

/** The newest calls; a click opens everything recorded of one. */
export function CallsSection(): React.JSX.Element {
  const { model, notebooks, trans } = useSurroundings();
  useSignal(notebooks.changed);
  const calls = useResource(model.calls);
  return (
    <div className="jp-mesh-Calls">
      {notebooks.path !== null && (
        <label className="jp-mesh-Calls-only">
          <input
            type="checkbox"
            checked={model.onlyDocument}
            onChange={event => model.showOnlyDocument(event.target.checked)}
          />
          {trans.__('Only this notebook')}
        </label>
      )}
      {calls.kind === 'loading' && <Skeleton lines={4} />}
      {calls.kind === 'failed' && (
        <TroubleNote error={calls.error} onRetry={() => void model.calls.refresh()} />
      )}
      {calls.kind === 'ready' && (
        // Pages of one list do not continue another.
        <CallList key={String(model.onlyDocument && model.document)} newest={calls.value} />
      )}
    </div>
  );
}

function CallList({ newest }: { newest: CallPage }): React.JSX.Element {
  const { commands, trans } = useSurroundings();
  const { calls, hasMore, error, loadMore } = useEarlierCalls(newest);
  const list = useRef<HTMLUListElement>(null);
  const [visited, setVisited] = useState<string | null>(null);
  const ids = calls.map(({ id }) => id);
  const current = visited !== null && ids.includes(visited) ? visited : (ids[0] ?? null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = rowAfterKey(event.key, ids, rowOf(event.target) ?? current);
    if (next !== null) {
      event.preventDefault();
      rowElement(list.current, next)?.focus();
    }
  };
  if (calls.length === 0) {
    return (
      <EmptyNote>
        <p>{trans.__('No calls yet. A cell that begins with %%llm asks a model.')}</p>
        <button
          type="button"
          className="jp-mesh-Link"
          onClick={() => void commands.execute(CommandIDs.insertPrompt)}
        >
          {trans.__('Insert a %%llm cell')}
        </button>
      </EmptyNote>
    );
  }
  return (
    <>
      <ul
        ref={list}
        className="jp-mesh-Calls-list"
        aria-label={trans.__('Recent calls')}
        onKeyDown={onKeyDown}
        onFocus={event => setVisited(rowOf(event.target))}
      >
        {calls.map(call => (
          <CallRow
            key={call.id}
            call={call}
            isTabStop={call.id === current}
            onOpen={id => void commands.execute(CommandIDs.openCall, { id })}
          />
        ))}
      </ul>
      {error !== null && <TroubleNote error={error} onRetry={loadMore} />}
      {error === null && hasMore && (
        <button type="button" className="jp-mesh-Link jp-mesh-Calls-more" onClick={loadMore}>
          {trans.__('Show earlier calls')}
        </button>
      )}
    </>
  );
}

interface IEarlierCalls {
  calls: readonly CallSummary[];
  hasMore: boolean;
  error: MeshRequestError | null;
  loadMore: () => void;
}

/** The newest page, and those that were asked for below it. */
function useEarlierCalls(newest: CallPage): IEarlierCalls {
  const { model } = useSurroundings();
  const [shown, setShown] = useState<CallPage | null>(null);
  const [error, setError] = useState<MeshRequestError | null>(null);
  const all = joined(newest, shown);
  const document = model.onlyDocument ? model.document : null;
  const loadMore = (): void => {
    setError(null);
    model.client
      .calls({ document, before: all.next, limit: 20 })
      .then(page => setShown({ ...page, calls: [...all.calls, ...page.calls] }))
      .catch((reason: unknown) => setError(asMeshError(reason)));
  };
  return { calls: all.calls, hasMore: all.next !== null, error, loadMore };
}
