import React from 'react';

import { type IPassage } from './content';

/** Text as it was, line by line: never markup. */
export function Passages(props: {
  passages: readonly IPassage[];
  none: string;
}): React.JSX.Element {
  if (props.passages.length === 0) {
    return <p className="jp-mesh-dim">{props.none}</p>;
  }
  return (
    <>
      {props.passages.map(({ role, text }, index) => (
        <div key={index} className="jp-mesh-Passage">
          {role !== '' && <span className="jp-mesh-Badge">{role}</span>}
          <pre dir="auto">{text}</pre>
        </div>
      ))}
    </>
  );
}
