import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { type IWire } from './transport';

/** Requests with the session's credentials of JupyterLab. */
export function labWire(settings = ServerConnection.makeSettings()): IWire {
  return {
    urlOf: path => URLExt.join(settings.baseUrl, 'mesh/api', path),
    // Not Jupyter's default `no-store`, which adds a number to the query that the gateway does not know.
    send: (url, init) => ServerConnection.makeRequest(url, { cache: 'no-cache', ...init }, settings)
  };
}
