/** Arrow keys in a list of which Tab reaches one row. */

/** The element of a row in a rendered list; rows carry their id as `data-row`. */
export function rowElement(list: HTMLElement | null, id: string): HTMLElement | null {
  const rows = list?.querySelectorAll<HTMLElement>('[data-row]') ?? [];
  return [...rows].find(row => row.dataset['row'] === id) ?? null;
}

/** The id of the row that an event has happened in. */
export function rowOf(target: EventTarget): string | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  return row?.dataset['row'] ?? null;
}

/** The row that a key leads to, or null for a key that leads nowhere. */
export function rowAfterKey(
  key: string,
  rows: readonly string[],
  current: string | null
): string | null {
  const at = current === null ? -1 : rows.indexOf(current);
  switch (key) {
    case 'ArrowDown':
      return rows[Math.min(at + 1, rows.length - 1)] ?? null;
    case 'ArrowUp':
      return rows[Math.max(at - 1, 0)] ?? null;
    case 'Home':
      return rows[0] ?? null;
    case 'End':
      return rows.at(-1) ?? null;
    default:
      return null;
  }
}
