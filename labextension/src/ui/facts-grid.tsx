import React from 'react';

/** Names and values side by side. */
export function FactsGrid(props: {
  facts: readonly (readonly [name: string, value: React.ReactNode])[];
}): React.JSX.Element {
  return (
    <dl className="jp-mesh-Facts-list">
      {props.facts.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}
