import React, { useId } from 'react';

import { Prose } from '../ui/prose';

/** What an input needs to be named, explained and faulted. */
export interface IInputIds {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
  'aria-required': boolean | undefined;
}

/** A label, an input, what it means, and what is wrong with it. */
export function FieldRow(props: {
  title: string;
  description?: string;
  required?: boolean;
  fault?: string | undefined;
  children: (ids: IInputIds) => React.ReactNode;
}): React.JSX.Element {
  const id = useId();
  const { title, description, required, fault } = props;
  const describedBy = [description && `${id}-about`, fault && `${id}-fault`].filter(Boolean);
  return (
    <div className="jp-mesh-Field">
      <label htmlFor={id} className={required ? 'jp-mod-required' : undefined}>
        {title}
      </label>
      <div className="jp-mesh-Field-input">
        {props.children({
          id,
          'aria-describedby': describedBy.length > 0 ? describedBy.join(' ') : undefined,
          'aria-invalid': fault ? true : undefined,
          'aria-required': required ? true : undefined
        })}
        {fault && (
          <p id={`${id}-fault`} className="jp-mesh-Form-error">
            {fault}
          </p>
        )}
        {description && (
          <p id={`${id}-about`} className="jp-mesh-dim">
            <Prose text={description} />
          </p>
        )}
      </div>
    </div>
  );
}
