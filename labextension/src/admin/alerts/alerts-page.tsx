import React, { useEffect, useMemo } from 'react';

import { EmptyNote, SkeletonLines } from '../../ui/placeholder';
import { useSignal } from '../../ui/surroundings';
import { Trouble } from '../../ui/trouble';
import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { Loaded } from '../ui/loaded';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { Segments } from '../ui/segments';
import { useViewChange } from '../use-view';
import { AlertList, type ListedState, STATES } from './alert-list';
import { AlertView } from './alert-view';
import { ChannelEditor } from './channel-editor';
import { Channels } from './channels';

/** What somebody should look at, and who is told of it. */
export function AlertsPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { open, view = {} } = props;
  const listed = STATES.find(one => one === view['state']) ?? 'open';
  if (open !== undefined) {
    return (
      <Loaded resource={store.channelKinds}>
        {kinds => (
          <Loaded resource={store.settings('alerts')}>
            {all => {
              const setting = all.find(({ name }) => name === open.name) ?? null;
              return open.name !== '' && setting === null ? (
                <Missing name={open.name} page="alerts" />
              ) : (
                <ChannelEditor
                  key={open.name}
                  setting={setting}
                  kinds={kinds}
                  taken={all.map(({ name }) => name)}
                />
              );
            }}
          </Loaded>
        )}
      </Loaded>
    );
  }
  return (
    <>
      <PageHead title={trans.__('Alerts')}>
        {trans.__(
          'One for each thing that is wrong, however often it is seen. It ends by itself when the cause has gone.'
        )}
      </PageHead>
      <Alerts key={listed} listed={listed} />
      <Channels />
    </>
  );
}

function Alerts({ listed }: { listed: ListedState }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const change = useViewChange();
  const list = useMemo(() => new AlertList(store.api, listed), [store, listed]);
  useSignal(list.changed);
  useEffect(() => {
    void list.more();
    void store.alertSummary.refresh();
  }, [list, store]);
  const names: Record<ListedState, string> = {
    open: trans.__('Open'),
    acknowledged: trans.__('Looked after'),
    resolved: trans.__('Ended'),
    all: trans.__('All')
  };
  const acknowledge = async (id: string): Promise<void> => {
    await list.acknowledge(id);
    void store.alertSummary.renew();
  };
  return (
    <section className="jp-mesh-Part">
      <div className="jp-mesh-Inline">
        <Segments
          label={trans.__('Alerts that are')}
          options={STATES.map(one => [one, names[one]] as const)}
          value={listed}
          onChange={state => change({ state: state === 'open' ? null : state })}
        />
      </div>
      {list.alerts.length > 0 && (
        <ul className="jp-mesh-Rules">
          {list.alerts.map(alert => (
            <AlertView key={alert.id} alert={alert} onAcknowledge={() => acknowledge(alert.id)} />
          ))}
        </ul>
      )}
      {list.error !== null && (
        <Trouble
          error={list.error}
          onRetry={() => void list.more()}
          trans={trans}
          admin={store.me.value?.admin_contact}
        />
      )}
      {list.isLoading && <SkeletonLines lines={4} label={trans.__('Loading')} />}
      {!list.isLoading && list.error === null && list.alerts.length === 0 && (
        <EmptyNote>
          {listed === 'open'
            ? trans.__('Nothing is open: nobody needs to look at anything.')
            : trans.__('There are none.')}
        </EmptyNote>
      )}
      {list.hasMore && !list.isLoading && list.error === null && (
        <button type="button" className="jp-mesh-Button" onClick={() => void list.more()}>
          {trans.__('Show earlier ones')}
        </button>
      )}
    </section>
  );
}
