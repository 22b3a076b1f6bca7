import { type RefObject, useLayoutEffect, useState } from 'react';

/** Rows drawn beyond the edge, so that none is missing while one scrolls. */
const BEYOND = 20;
/** Fewer rows than this are all drawn. */
const FEW = 150;

/** The rows from `first` up to, not with, `end` of a scrolled list whose rows are all of one height. */
export interface IVisible {
  first: number;
  end: number;
}

/** Which rows of a long list are to be drawn. `height` is that of one row, in pixels. */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  height: number
): IVisible {
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  const isLong = count > FEW;
  useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null || !isLong) {
      return;
    }
    const look = (): void => setSeen({ top: node.scrollTop, height: node.clientHeight });
    look();
    node.addEventListener('scroll', look, { passive: true });
    return () => node.removeEventListener('scroll', look);
  }, [scroller, isLong]);
  if (!isLong) {
    return { first: 0, end: count };
  }
  const first = Math.max(0, Math.floor(seen.top / height) - BEYOND);
  const last = Math.ceil((seen.top + seen.height) / height) + BEYOND;
  return { first: Math.min(first, Math.max(0, count - BEYOND)), end: Math.min(count, last) };
}
