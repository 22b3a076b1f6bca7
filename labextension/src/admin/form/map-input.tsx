import React, { useId } from 'react';

import { SmallIcon } from '../../ui/small-icons';
import { useAdmin } from '../context';
import { Prose } from '../ui/prose';
import { type IField, type Input } from './fields';
import { SecretInput } from './secret-input';
import { type IPair } from './values';

/** Names and their values; where values are keys they go in and never come out. */
export function MapInput(props: {
  field: IField;
  input: Extract<Input, { kind: 'map' }>;
  pairs: readonly IPair[];
  fault: string | undefined;
  isReadOnly: boolean;
  onChange: (pairs: IPair[]) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { field, input, pairs, fault, isReadOnly, onChange } = props;
  const { secret: isSecret, holds, names } = input;
  const listId = useId();
  const first = typeof holds === 'object' ? (holds.options[0] ?? '') : '';
  const put = (index: number, pair: IPair): void =>
    onChange(pairs.map((old, at) => (at === index ? pair : old)));
  return (
    <fieldset className="jp-mesh-Field jp-mesh-Map">
      <legend>{field.title}</legend>
      <div className="jp-mesh-Field-input">
        {pairs.map((pair, index) => (
          <div key={index} className="jp-mesh-Map-row">
            <input
              type="text"
              value={pair.name}
              readOnly={isReadOnly || pair.value.kept !== null}
              aria-label={trans.__('Name %1 of %2', index + 1, field.title)}
              list={names && listId}
              spellCheck={false}
              onChange={event => put(index, { ...pair, name: event.target.value })}
            />
            {isSecret ? (
              <SecretInput
                ids={{
                  id: `${field.name}-${index}`,
                  'aria-describedby': undefined,
                  'aria-invalid': undefined,
                  'aria-required': undefined
                }}
                title={pair.name || trans.__('value %1', index + 1)}
                value={pair.value}
                isReadOnly={isReadOnly}
                onChange={value => put(index, { ...pair, value })}
              />
            ) : typeof holds === 'object' ? (
              <select
                value={pair.value.typed}
                disabled={isReadOnly}
                aria-label={trans.__('Value %1 of %2', index + 1, field.title)}
                onChange={event =>
                  put(index, { ...pair, value: { kept: null, typed: event.target.value } })
                }
              >
                {holds.options.map(option => (
                  <option key={option} value={option}>
                    {option}
                  </option>
                ))}
              </select>
            ) : (
              <input
                type="text"
                className={holds === 'numbers' ? 'jp-mod-short' : undefined}
                inputMode={holds === 'numbers' ? 'decimal' : undefined}
                value={pair.value.typed}
                readOnly={isReadOnly}
                aria-label={trans.__('Value %1 of %2', index + 1, field.title)}
                onChange={event =>
                  put(index, { ...pair, value: { kept: null, typed: event.target.value } })
                }
              />
            )}
            {!isReadOnly && (
              <button
                type="button"
                className="jp-mesh-IconButton"
                title={trans.__('Remove')}
                aria-label={trans.__('Remove %1', pair.name || trans.__('line %1', index + 1))}
                onClick={() => onChange(pairs.filter((_, at) => at !== index))}
              >
                <SmallIcon shape="close" size={14} />
              </button>
            )}
          </div>
        ))}
        {pairs.length === 0 && isReadOnly && (
          <span className="jp-mesh-dim">{trans.__('none')}</span>
        )}
        {!isReadOnly && (
          <button
            type="button"
            className="jp-mesh-Button"
            onClick={() => onChange([...pairs, { name: '', value: { kept: null, typed: first } }])}
          >
            {trans.__('Add')}
            <span className="jp-mesh-visually-hidden"> {field.title}</span>
          </button>
        )}
        {names && (
          <datalist id={listId}>
            {names.map(one => (
              <option key={one} value={one} />
            ))}
          </datalist>
        )}
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
