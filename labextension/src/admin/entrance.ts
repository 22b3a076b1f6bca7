import { type TranslationBundle } from '@jupyterlab/translation';

import { type Me } from '../api/types';
import { hashOf, type ISpot, OWN_PAGES } from './place';

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
 * @param spot - Where in them, if the caller may see that there.
 */
export function addressOfSite(me: Me | null, here: string, spot?: ISpot): string | null {
  if (!me?.site) {
    return null;
  }
  const address = new URL(me.site.url, here);
  const { administers } = me.site;
  const isOpen = spot !== undefined && (administers || OWN_PAGES.includes(spot.page));
  address.hash = hashOf(isOpen ? spot : { page: administers ? 'connections' : 'usage' });
  return ['http:', 'https:'].includes(address.protocol) ? address.href : null;
}
