import React, { useId } from 'react';

import { SmallIcon } from '../../ui/small-icons';
import { useAdmin } from '../context';
import { type IPurposeLine } from './purposes';

/** Models that are open for some purposes only, a line for each. */
export function PurposeLines(props: {
  lines: readonly IPurposeLine[];
  /** Models there are, offered while one types. */
  models: readonly string[];
  /** Purposes the group declares. */
  purposes: readonly string[];
  fault: string | undefined;
  isReadOnly: boolean;
  onChange: (lines: IPurposeLine[]) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { lines, fault, isReadOnly, onChange } = props;
  const id = useId();
  const put = (at: number, line: IPurposeLine): void =>
    onChange(lines.map((old, index) => (index === at ? line : old)));
  return (
    <fieldset className="jp-mesh-Field jp-mesh-Purposes">
      <legend>{trans.__('Only for some purposes')}</legend>
      <div className="jp-mesh-Field-input">
        {lines.map((line, index) => (
          <div key={index} className="jp-mesh-Purposes-line">
            <input
              type="text"
              list={`${id}-models`}
              value={line.models}
              readOnly={isReadOnly}
              placeholder={trans.__('model, or openai/*')}
              aria-label={trans.__('Model or pattern %1', index + 1)}
              spellCheck={false}
              onChange={event => put(index, { ...line, models: event.target.value })}
            />
            <span className="jp-mesh-dim">{trans.__('only for')}</span>
            <input
              type="text"
              list={`${id}-purposes`}
              value={line.purposes}
              readOnly={isReadOnly}
              placeholder={trans.__('research, teaching')}
              aria-label={trans.__('Purposes of %1', line.models || index + 1)}
              aria-invalid={fault ? true : undefined}
              spellCheck={false}
              onChange={event => put(index, { ...line, purposes: event.target.value })}
            />
            {!isReadOnly && (
              <button
                type="button"
                className="jp-mesh-IconButton"
                title={trans.__('Remove')}
                aria-label={trans.__('Remove %1', line.models || trans.__('line %1', index + 1))}
                onClick={() => onChange(lines.filter((_, at) => at !== index))}
              >
                <SmallIcon shape="close" size={14} />
              </button>
            )}
          </div>
        ))}
        <datalist id={`${id}-models`}>
          {props.models.map(model => (
            <option key={model} value={model} />
          ))}
        </datalist>
        <datalist id={`${id}-purposes`}>
          {props.purposes.map(purpose => (
            <option key={purpose} value={purpose} />
          ))}
        </datalist>
        {!isReadOnly && (
          <button
            type="button"
            className="jp-mesh-Button"
            onClick={() => onChange([...lines, { models: '', purposes: '' }])}
          >
            {trans.__('Add a model')}
          </button>
        )}
        {fault && (
          <p className="jp-mesh-Form-error" role="alert">
            {fault}
          </p>
        )}
        <p className="jp-mesh-dim">
          {trans.__(
            'For anything else, or for nothing that is declared, such a model is closed to this group. Several purposes are parted by commas; a comma within one is written “\\,”.'
          )}
        </p>
      </div>
    </fieldset>
  );
}
