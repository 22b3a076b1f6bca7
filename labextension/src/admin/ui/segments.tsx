import React, { useId } from 'react';

/** One of a few, all of them in sight; arrow keys go from one to the next. */
export function Segments<T extends string>(props: {
  label: string;
  options: readonly (readonly [value: T, name: string])[];
  value: T | null;
  onChange: (value: T) => void;
}): React.JSX.Element {
  const name = useId();
  return (
    <div className="jp-mesh-Segments" role="radiogroup" aria-label={props.label}>
      {props.options.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            checked={props.value === value}
            onChange={() => props.onChange(value)}
          />
          <span>{words}</span>
        </label>
      ))}
    </div>
  );
}
