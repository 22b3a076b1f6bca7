import React from 'react';

import { useWords } from './words';

/** Lines that stand where content will be: there at the first paint, before anything was asked. */
export function Skeleton({ lines }: { lines: number }): React.JSX.Element {
  return <SkeletonLines lines={lines} label={useWords().__('Loading')} />;
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
