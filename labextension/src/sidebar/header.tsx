import { refreshIcon, settingsIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { CommandIDs } from '../command-ids';
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
        {commands.hasCommand(CommandIDs.openSettings) && (
          <button
            type="button"
            className="jp-mesh-IconButton"
            title={trans.__('Settings')}
            aria-label={trans.__('Settings of LLM Mesh')}
            onClick={() => void commands.execute(CommandIDs.openSettings)}
          >
            <settingsIcon.react tag="span" width="16px" height="16px" />
          </button>
        )}
      </div>
      <GatewayState />
    </>
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
