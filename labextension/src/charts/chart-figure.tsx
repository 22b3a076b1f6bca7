import React, { useState } from 'react';

import { useWords } from '../ui/words';
import { type IReadout } from './readout';
import { type IStep } from './steps';

/** A chart over time with its title, and the same figures as a table for who asks for it. */
export function ChartFigure(props: {
  title: string;
  hint?: string;
  steps: readonly IStep[];
  readout: (index: number) => IReadout;
  children: React.ReactNode;
}): React.JSX.Element {
  const trans = useWords();
  const { title, hint } = props;
  const [isTable, setTable] = useState(false);
  return (
    <figure className="jp-mesh-Figure" aria-label={title}>
      <figcaption>
        <h2>{title}</h2>
        {hint && <span className="jp-mesh-dim">{hint}</span>}
        <button
          type="button"
          className="jp-mesh-Link"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? trans.__('Show as chart') : trans.__('Show as table')}
        </button>
      </figcaption>
      {isTable ? <ReadoutTable {...props} /> : props.children}
    </figure>
  );
}

function ReadoutTable(props: {
  title: string;
  steps: readonly IStep[];
  readout: (index: number) => IReadout;
}): React.JSX.Element {
  const trans = useWords();
  const { steps, readout } = props;
  const names = steps.length > 0 ? readout(0).lines.map(line => line.name) : [];
  return (
    <div
      className="jp-mesh-Scroll jp-mesh-Figure-table"
      role="region"
      aria-label={props.title}
      tabIndex={0}
    >
      <table className="jp-mesh-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Time (UTC)')}</th>
            {names.map(name => (
              <th key={name} scope="col" className="jp-mod-number">
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((step, index) => (
            <tr key={step.start.getTime()}>
              <th scope="row">{step.label}</th>
              {readout(index).lines.map(line => (
                <td key={line.name} className="jp-mod-number">
                  {line.isNothing ? '–' : line.words}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
