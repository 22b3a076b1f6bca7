/** Rows that are in sight, of many of the same height. */
export interface IVisible {
  first: number;
  /** One past the last. */
  end: number;
}

/** Some rows more than are in sight, so that a quick turn of the wheel shows no gap. */
const SPARE = 12;

export function visibleRange(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number
): IVisible {
  const top = Math.floor(scrollTop / rowHeight);
  const rows = Math.ceil(height / rowHeight);
  const first = Math.max(0, Math.min(top, count - rows) - SPARE);
  return { first, end: Math.min(count, Math.max(top, 0) + rows + SPARE) };
}
