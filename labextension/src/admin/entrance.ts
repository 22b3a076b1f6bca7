import { type TranslationBundle } from '@jupyterlab/translation';

import { type Me } from '../api/types';

/** Whether the caller has pages of the mesh to go to: as admin here, or anybody on a JupyterHub. */
export function hasPages(me: Me | null): boolean {
  return me !== null && (me.scopes.includes('admin') || Boolean(me.site));
}

/** What the way there is called. */
export function nameOfPages(me: Me | null, trans: TranslationBundle): string {
  return me?.site && !me.site.administers
    ? trans.__('My usage and keys')
    : trans.__('Mesh administration');
}

/**
 * The address of the service's own pages; null where JupyterLab has them itself.
 *
 * @param here - What a path is resolved against.
 */
export function addressOfSite(me: Me | null, here: string): string | null {
  if (!me?.site) {
    return null;
  }
  const address = new URL(me.site.url, here);
  address.hash = me.site.administers ? 'page=connections' : 'page=usage';
  return ['http:', 'https:'].includes(address.protocol) ? address.href : null;
}
