import { useAdmin } from './context';
import { type View } from './place';

/** Changes how the open page shows things; null takes a field out. */
export function useViewChange(): (changes: Record<string, string | null>) => void {
  const { place } = useAdmin();
  return changes => {
    const { view, ...spot } = place.spot;
    place.go({ ...spot, view: changed(view ?? {}, changes) });
  };
}

export function changed(view: View, changes: Record<string, string | null>): View {
  const all = Object.entries({ ...view, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}
