import React from 'react';

import { Prose } from '../ui/prose';
import { type IField } from './fields';
import { linesOf } from './values';

/** Any of a few: a box for each. */
export function Ticks(props: {
  field: IField;
  options: readonly string[];
  /** What an option is called, where that is not its own name. */
  labels: Readonly<Record<string, string>>;
  /** Those that are ticked, one to a line. */
  text: string;
  fault: string | undefined;
  isReadOnly: boolean;
  onChange: (text: string) => void;
}): React.JSX.Element {
  const { field, options, labels, fault, isReadOnly, onChange } = props;
  const ticked = new Set(linesOf(props.text));
  const turn = (option: string, isOn: boolean): void =>
    onChange(options.filter(one => (one === option ? isOn : ticked.has(one))).join('\n'));
  return (
    <fieldset className="jp-mesh-Field">
      <legend>{field.title}</legend>
      <div className="jp-mesh-Field-input">
        <div className="jp-mesh-Ticks">
          {options.map(option => (
            <label key={option} className="jp-mesh-Tick">
              <input
                type="checkbox"
                checked={ticked.has(option)}
                disabled={isReadOnly}
                onChange={event => turn(option, event.target.checked)}
              />
              {labels[option] ?? option.replaceAll('_', ' ')}
            </label>
          ))}
        </div>
        {fault && <p className="jp-mesh-Form-error">{fault}</p>}
        {field.description && (
          <p className="jp-mesh-dim">
            <Prose text={field.description} />
          </p>
        )}
      </div>
    </fieldset>
  );
}
