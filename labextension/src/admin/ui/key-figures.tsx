import React from 'react';

/** A few figures side by side, each with its name above and a note below. */
export function KeyFigures({ children }: { children: React.ReactNode }): React.JSX.Element {
  return <dl className="jp-mesh-KeyFigures">{children}</dl>;
}

export function KeyFigure(props: {
  name: string;
  title?: string;
  note?: React.ReactNode;
  isBad?: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <div className={props.isBad ? 'jp-mod-bad' : undefined}>
      <dt>{props.name}</dt>
      <dd title={props.title}>{props.children}</dd>
      {props.note && <dd className="jp-mesh-KeyFigures-note">{props.note}</dd>}
    </div>
  );
}
