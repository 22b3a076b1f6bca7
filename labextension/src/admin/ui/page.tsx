import React from 'react';

import { useAdmin } from '../context';
import { type ISpot } from '../place';

/** A page's title, what it is for, and what can be made on it. */
export function PageHead(props: {
  title: string;
  children?: React.ReactNode;
  actions?: React.ReactNode;
}): React.JSX.Element {
  return (
    <header className="jp-mesh-Page-head">
      <div>
        <h1 tabIndex={-1}>{props.title}</h1>
        {props.children && <p className="jp-mesh-dim">{props.children}</p>}
      </div>
      {props.actions && <div className="jp-mesh-Page-actions">{props.actions}</div>}
    </header>
  );
}

/** One object of a page, with the way back. */
export function ObjectHead(props: { title: string; back: string; spot: ISpot }): React.JSX.Element {
  const { place } = useAdmin();
  return (
    <header className="jp-mesh-Page-head">
      <div>
        <button type="button" className="jp-mesh-Link" onClick={() => place.go(props.spot)}>
          ‹ {props.back}
        </button>
        <h1 tabIndex={-1}>
          <bdi>{props.title}</bdi>
        </h1>
      </div>
    </header>
  );
}

export function Section(props: {
  title: string;
  hint?: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <section className="jp-mesh-Part">
      <div className="jp-mesh-Part-head">
        <h2>{props.title}</h2>
        {props.actions}
      </div>
      {props.hint && <p className="jp-mesh-dim">{props.hint}</p>}
      {props.children}
    </section>
  );
}
