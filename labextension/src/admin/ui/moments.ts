/** Moments as people read them, in their own time zone. */

/** `Nov 22, 2026, 10:40 AM`. */
export function momentWords(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** `Nov 22, 2026`. */
export function dayWords(moment: string): string {
  return new Date(moment).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/** What an input of day and time holds: `2026-11-22T10:40`, in the zone of who types. */
export function typedMoment(moment: string): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** The moment that was typed, in UTC; null where it is none. */
export function momentOf(typed: string): string | null {
  const date = new Date(typed);
  return typed === '' || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
