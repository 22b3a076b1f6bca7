import { hashOf, type ISpot, type Place, spotOf } from '../admin/place';

/** The spot that an address leads to; null where it names none. */
export function spotOfHash(hash: string): ISpot | null {
  const fields = Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')));
  return 'page' in fields ? spotOf(fields) : null;
}

/** Keep the address and the place the same. */
export function followAddress(place: Place, view: Window = window): void {
  place.changed.connect(() => {
    if (hashOf(place.spot) !== view.location.hash) {
      view.history.pushState(null, '', hashOf(place.spot));
    }
  });
  const go = (): void => {
    const spot = spotOfHash(view.location.hash);
    if (spot !== null && hashOf(spot) !== hashOf(place.spot)) {
      place.go(spot);
      if (place.wanted !== null) {
        // Unsaved text is asked for first; until then the address stays with what is shown.
        view.history.pushState(null, '', hashOf(place.spot));
      }
    }
  };
  view.addEventListener('popstate', go);
}
