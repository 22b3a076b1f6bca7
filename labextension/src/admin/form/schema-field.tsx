import React from 'react';

import { useAdmin } from '../context';
import { textOf } from '../json';
import { durationText } from './durations';
import { FieldRow } from './field-row';
import { type IField } from './fields';
import { MapInput } from './map-input';
import { SecretInput } from './secret-input';
import { Ticks } from './ticks';
import { type ISecretValue, type Value } from './values';

/** The input of one field; what it holds where nothing is typed stands in it as a hint. */
export function SchemaField(props: {
  field: IField;
  value: Value | undefined;
  fault: string | undefined;
  isReadOnly: boolean;
  onChange: (value: Value) => void;
}): React.JSX.Element | null {
  const { trans } = useAdmin();
  const { field, value, fault, isReadOnly, onChange } = props;
  const { input, title, description, required } = field;
  if (input.kind === 'kept') {
    return null;
  }
  if (input.kind === 'flag') {
    return (
      <FieldRow title={title} description={description} fault={fault}>
        {ids => (
          <input
            {...ids}
            type="checkbox"
            checked={value === true}
            disabled={isReadOnly}
            onChange={event => onChange(event.target.checked)}
          />
        )}
      </FieldRow>
    );
  }
  if (input.kind === 'secret') {
    const secret = typeof value === 'object' && !Array.isArray(value) ? value : NO_SECRET;
    return (
      <FieldRow
        title={title}
        description={[
          description,
          !isReadOnly && trans.__('Sealed in the mesh’s store when saved, and never shown again.')
        ]
          .filter(Boolean)
          .join(' ')}
        required={required}
        fault={fault}
      >
        {ids => (
          <SecretInput
            ids={ids}
            title={title}
            value={secret}
            isReadOnly={isReadOnly}
            onChange={onChange}
          />
        )}
      </FieldRow>
    );
  }
  if (input.kind === 'map') {
    return (
      <MapInput
        field={field}
        input={input}
        pairs={Array.isArray(value) ? value : []}
        fault={fault}
        isReadOnly={isReadOnly}
        onChange={onChange}
      />
    );
  }
  const text = typeof value === 'string' ? value : '';
  if (input.kind === 'ticks') {
    return (
      <Ticks
        field={field}
        options={input.options}
        labels={input.labels ?? {}}
        {...{ text, fault, isReadOnly, onChange }}
      />
    );
  }
  const otherwise =
    input.kind === 'duration' ? durationText(field.fallback) : textOf(field.fallback);
  return (
    <FieldRow title={title} description={description} required={required} fault={fault}>
      {ids => {
        switch (input.kind) {
          case 'choice':
            return (
              <select
                {...ids}
                value={text}
                disabled={isReadOnly}
                onChange={event => onChange(event.target.value)}
              >
                {input.options.map(({ label }, index) => (
                  <option key={index} value={String(index)}>
                    {label === '' ? trans.__('not set') : label}
                  </option>
                ))}
              </select>
            );
          case 'lines':
          case 'json':
            return (
              <textarea
                {...ids}
                rows={Math.min(8, Math.max(2, text.split('\n').length + 1))}
                value={text}
                readOnly={isReadOnly}
                spellCheck={false}
                onChange={event => onChange(event.target.value)}
              />
            );
          case 'moment':
            return (
              <input
                {...ids}
                type="datetime-local"
                value={text}
                readOnly={isReadOnly}
                onChange={event => onChange(event.target.value)}
              />
            );
          case 'number':
          case 'duration':
          case 'text':
            return (
              <input
                {...ids}
                className={input.kind === 'text' ? undefined : 'jp-mod-short'}
                type="text"
                inputMode={input.kind === 'number' ? 'decimal' : undefined}
                value={text}
                placeholder={otherwise}
                readOnly={isReadOnly}
                spellCheck={false}
                autoComplete="off"
                onChange={event => onChange(event.target.value)}
              />
            );
        }
      }}
    </FieldRow>
  );
}

const NO_SECRET: ISecretValue = { kept: null, typed: '' };
