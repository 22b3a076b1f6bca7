import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type MeshRequestError, type Trouble as Kind } from '../api/errors';
import { useSurroundings } from './surroundings';

/** What happened, and what a person can do about it. */
interface IAdvice {
  headline: string;
  nextStep: string;
}

/** An error with its next step and, where trying again may help, a button for it. */
export function TroubleNote(props: {
  error: MeshRequestError;
  onRetry: () => void;
}): React.JSX.Element {
  const { trans, model } = useSurroundings();
  return <Trouble {...props} trans={trans} admin={model.me.value?.admin_contact} />;
}

/** The same outside of `<Surroundings>`. */
export function Trouble(props: {
  error: MeshRequestError;
  onRetry: () => void;
  trans: TranslationBundle;
  admin: string | null | undefined;
}): React.JSX.Element {
  const { error, onRetry, trans, admin } = props;
  const { headline, nextStep } = advice(error.trouble, trans, admin);
  const isTold = !['offline', 'absent', 'unserved'].includes(error.trouble);
  return (
    <div className="jp-mesh-Note jp-mod-trouble" role="alert">
      <strong>{headline}</strong>
      {isTold && <p className="jp-mesh-Note-detail">{error.message}</p>}
      <p>{nextStep}</p>
      {error.requestId && <p className="jp-mesh-dim">{trans.__('Request %1', error.requestId)}</p>}
      <button type="button" className="jp-mesh-Button" onClick={onRetry}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}

function advice(
  trouble: Kind,
  trans: TranslationBundle,
  admin: string | null | undefined
): IAdvice {
  const whom = admin ?? trans.__('an admin of this mesh');
  switch (trouble) {
    case 'offline':
      return {
        headline: trans.__('The gateway does not answer.'),
        nextStep: trans.__('Check that the Jupyter server is running and reachable.')
      };
    case 'absent':
      return {
        headline: trans.__('This Jupyter server runs without the mesh.'),
        nextStep: trans.__(
          'Switch it on with “jupyter server extension enable jupyter_mesh_server”, then restart Jupyter.'
        )
      };
    case 'forbidden':
      return {
        headline: trans.__('You have no permission for this.'),
        nextStep: trans.__('Ask %1 for access.', whom)
      };
    case 'config':
      return {
        headline: trans.__('The mesh is not set up correctly.'),
        nextStep: trans.__('“jupyter mesh check” names what is wrong; else ask %1.', whom)
      };
    case 'unserved':
      return {
        headline: trans.__('This JupyterHub has no mesh service.'),
        nextStep: trans.__(
          'Ask the admin of your JupyterHub to add one (“add_mesh” in jupyterhub_config.py), or give this server a mesh.yaml of your own.'
        )
      };
    case 'failed':
      return {
        headline: trans.__('The gateway could not answer.'),
        nextStep: trans.__('Try again; if it stays so, tell %1.', whom)
      };
  }
}
