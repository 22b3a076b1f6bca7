import React, { useEffect, useLayoutEffect, useRef, useState } from 'react';

import { visibleRange } from './visible-range';

/** Rows of one height. However many there are, only those in sight are on the page. */
export function VirtualRows<T>(props: {
  label: string;
  rows: readonly T[];
  rowHeight: number;
  /** How many there are in all; -1 where nobody knows yet. */
  total: number;
  head: React.ReactNode;
  keyOf: (row: T) => string;
  children: (row: T) => React.ReactNode;
  /** What stands below the last row. */
  foot?: React.ReactNode;
  /** The last rows are in sight, or nearly. */
  onEnd: () => void;
}): React.JSX.Element {
  const { rows, rowHeight, onEnd, keyOf } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = (): void => {
    if (box.current !== null) {
      const { scrollTop: top, clientHeight: height } = box.current;
      setView(before =>
        before.top === top && before.height === height ? before : { top, height }
      );
    }
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current !== null) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, []);
  const { first, end } = visibleRange(view.top, view.height, rowHeight, rows.length);
  useEffect(() => {
    if (end === rows.length) {
      onEnd();
    }
  }, [end, rows.length, onEnd]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = (event.target as Element).closest('[data-index]');
    if (step === undefined || row === null || box.current === null) {
      return;
    }
    event.preventDefault();
    const index = Number(row.getAttribute('data-index')) + step;
    const next = box.current.querySelector<HTMLElement>(`[data-index="${index}"] :is(a, button)`);
    next?.focus({ preventScroll: true });
    next?.closest('[data-index]')?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <div
      ref={box}
      className="jp-mesh-Virtual"
      role="table"
      tabIndex={-1}
      aria-label={props.label}
      aria-rowcount={props.total < 0 ? -1 : props.total + 1}
      onScroll={look}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="jp-mesh-Virtual-head">
        {props.head}
      </div>
      <div role="rowgroup" style={{ height: rows.length * rowHeight, position: 'relative' }}>
        {rows.slice(first, end).map((row, index) => (
          <div
            key={keyOf(row)}
            role="row"
            aria-rowindex={first + index + 2}
            data-index={first + index}
            data-row={keyOf(row)}
            className="jp-mesh-Virtual-row"
            style={{ height: rowHeight, insetBlockStart: (first + index) * rowHeight }}
          >
            {props.children(row)}
          </div>
        ))}
      </div>
      {props.foot}
    </div>
  );
}
