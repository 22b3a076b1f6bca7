import React from 'react';

import { useSurroundings } from './surroundings';

/** Lines that stand where content will be: there at the first paint, before anything was asked. */
export function Skeleton({ lines }: { lines: number }): React.JSX.Element {
  const { trans } = useSurroundings();
  return <SkeletonLines lines={lines} label={trans.__('Loading')} />;
}

/** The same outside of `<Surroundings>`. */
export function SkeletonLines(props: { lines: number; label: string }): React.JSX.Element {
  const { lines, label } = props;
  return (
    <div className="jp-mesh-Skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="jp-mesh-Skeleton-line" />
      ))}
    </div>
  );
}

/** Said where there is nothing to show, with what would change that. */
export function EmptyNote({ children }: { children: React.ReactNode }): React.JSX.Element {
  return <div className="jp-mesh-Note">{children}</div>;
}
