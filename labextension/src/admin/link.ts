/** Addresses that lead to a spot: `…/lab?mesh-admin=page%3Dusage%26view%3D…`. */
import { argsOf, type ISpot, spotOf } from './place';

const FIELD = 'mesh-admin';

/** What the address of such a link has in it. */
export const LINK = /[?&]mesh-admin=/;

/** The address of a spot; `base` is that of the page that shows it. */
export function addressOf(spot: ISpot, base: string): string {
  const address = new URL(base, window.location.href);
  address.searchParams.set(FIELD, new URLSearchParams(argsOf(spot)).toString());
  return address.toString();
}

/** The spot that an address, or a part of one, leads to; null where it leads to none. */
export function spotOfAddress(address: unknown): ISpot | null {
  if (typeof address !== 'string') {
    return null;
  }
  const search = address.includes('?') ? address.slice(address.indexOf('?')) : '';
  const args = new URLSearchParams(search.split('#')[0]).get(FIELD);
  return args === null ? null : spotOf(Object.fromEntries(new URLSearchParams(args)));
}
