import { refreshIcon, settingsIcon } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';
import React, { useEffect, useState } from 'react';

import { hasPages } from '../admin/entrance';
import { CommandIDs } from '../command-ids';
import { Resource } from '../model/resource';
import { useResource, useSurroundings } from '../ui/surroundings';
import { TroubleNote } from '../ui/trouble';

/** Title, refresh and settings; below it what is wrong with the gateway as a whole. */
export function Header(): React.JSX.Element {
  const { commands, trans } = useSurroundings();
  return (
    <>
      <div className="jp-mesh-Header">
        <h2>{trans.__('LLM Mesh')}</h2>
        <button
          type="button"
          className="jp-mesh-IconButton"
          title={trans.__('Refresh')}
          aria-label={trans.__('Refresh')}
          onClick={() => void commands.execute(CommandIDs.refresh)}
        >
          <refreshIcon.react tag="span" width="16px" height="16px" />
        </button>
        <Gear />
      </div>
      <GatewayState />
    </>
  );
}

/** Settings; for admins, and on a JupyterHub for everybody, a menu of two: their pages, and settings. */
function Gear(): React.JSX.Element | null {
  const { commands, model, trans } = useSurroundings();
  const me = useResource(model.me);
  const known = me.kind === 'ready' ? me.value : null;
  const hasSettings = commands.hasCommand(CommandIDs.openSettings);
  if (!commands.hasCommand(CommandIDs.openAdmin) || !hasPages(known)) {
    return hasSettings ? (
      <button
        type="button"
        className="jp-mesh-IconButton"
        title={trans.__('Settings')}
        aria-label={trans.__('Settings of LLM Mesh')}
        onClick={() => void commands.execute(CommandIDs.openSettings)}
      >
        <settingsIcon.react tag="span" width="16px" height="16px" />
      </button>
    ) : null;
  }
  const open = ({ currentTarget }: React.MouseEvent<HTMLButtonElement>): void => {
    const menu = new Menu({ commands });
    menu.addItem({ command: CommandIDs.openAdmin });
    if (hasSettings) {
      menu.addItem({ command: CommandIDs.openSettings });
    }
    const { left, bottom } = currentTarget.getBoundingClientRect();
    menu.aboutToClose.connect(() => requestAnimationFrame(() => menu.dispose()));
    menu.open(left, bottom);
    menu.activateNextItem();
  };
  const isOwn = known?.site?.administers === false;
  return (
    <button
      type="button"
      className="jp-mesh-IconButton"
      title={isOwn ? trans.__('Usage, keys and settings') : trans.__('Administration and settings')}
      aria-label={
        isOwn
          ? trans.__('Usage, keys and settings of LLM Mesh')
          : trans.__('Administration and settings of LLM Mesh')
      }
      aria-describedby="jp-mesh-critical-alerts"
      aria-haspopup="menu"
      onClick={open}
    >
      <settingsIcon.react tag="span" width="16px" height="16px" />
      {known?.scopes.includes('admin') && <CriticalAlerts />}
    </button>
  );
}

/** How many critical alerts are open, at the button that leads to them. Asked whenever who one is was asked. */
function CriticalAlerts(): React.JSX.Element | null {
  const { model, trans } = useSurroundings();
  const [resource] = useState(() => new Resource(() => model.client.alertSummary()));
  const summary = useResource(resource);
  useEffect(() => {
    const ask = (): void => void resource.refresh();
    ask();
    model.me.changed.connect(ask);
    return () => {
      model.me.changed.disconnect(ask);
    };
  }, [model, resource]);
  const count = summary.kind === 'ready' ? summary.value.critical : 0;
  return count === 0 ? null : (
    <span id="jp-mesh-critical-alerts" className="jp-mesh-Count jp-mod-bad jp-mod-corner">
      {count}
      <span className="jp-mesh-visually-hidden">
        {trans._n('critical alert is open', 'critical alerts are open', count)}
      </span>
    </span>
  );
}

/** Nothing while all is well; a line while figures are old; a note where there are none at all. */
function GatewayState(): React.JSX.Element | null {
  const { model, trans } = useSurroundings();
  const catalogue = useResource(model.catalogue);
  const costs = useResource(model.costs);
  if (catalogue.kind === 'failed' && costs.kind === 'failed') {
    return <TroubleNote error={catalogue.error} onRetry={() => void model.refresh()} />;
  }
  const stale = [catalogue, costs].find(state => state.kind === 'ready' && state.error !== null);
  if (stale?.kind !== 'ready') {
    return null;
  }
  const time = stale.at.toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  });
  return (
    <div className="jp-mesh-Banner" role="status">
      <span>{trans.__('The gateway does not answer. Figures are from %1.', time)}</span>
      <button type="button" className="jp-mesh-Link" onClick={() => void model.refresh()}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}
