import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import { useAdmin } from '../context';
import { Segments } from '../ui/segments';
import { boundsOf, daysOf, faultOf, MOST_DAYS, type Preset, type Range } from './range';

/** Chooses a time: one of a few by name, or from one day to another. */
export function RangePicker(props: {
  presets: readonly Preset[];
  range: Range;
  now: Date;
  onChange: (range: Range) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { presets, range, now, onChange } = props;
  const isCustom = typeof range !== 'string';
  return (
    <div className="jp-mesh-Range">
      <Segments
        label={trans.__('Time')}
        value={isCustom ? 'custom' : range}
        options={[
          ...presets.map(preset => [preset, presetName(preset, trans)] as const),
          ['custom', trans.__('From … to …')]
        ]}
        onChange={chosen => onChange(chosen === 'custom' ? daysOf(boundsOf(range, now)) : chosen)}
      />
      {isCustom && <Days key={`${range.first}..${range.last}`} range={range} onChange={onChange} />}
    </div>
  );
}

/** Two days; they hold as soon as both are there and in order. */
function Days(props: {
  range: { first: string; last: string };
  onChange: (range: Range) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { range, onChange } = props;
  const [typed, setTyped] = useState(range);
  const fault = faultOf(typed.first, typed.last);
  const field = (end: 'first' | 'last', label: string): React.JSX.Element => (
    <label>
      {label}{' '}
      <input
        type="date"
        value={typed[end]}
        aria-invalid={fault !== null}
        onChange={event => setTyped({ ...typed, [end]: event.target.value })}
        onBlur={() => {
          const isNew = typed.first !== range.first || typed.last !== range.last;
          if (fault === null && isNew) {
            onChange(typed);
          }
        }}
        onKeyDown={event => {
          if (event.key === 'Enter' && fault === null) {
            onChange(typed);
          }
        }}
      />
    </label>
  );
  return (
    <div className="jp-mesh-Range-days">
      {field('first', trans.__('From'))}
      {field('last', trans.__('to'))}
      {fault !== null && (
        <span className="jp-mesh-Form-error" role="alert">
          {
            {
              incomplete: trans.__('Both days are needed.'),
              reversed: trans.__('The first day is after the last.'),
              long: trans.__('At most %1 days can be shown.', MOST_DAYS)
            }[fault]
          }
        </span>
      )}
    </div>
  );
}

export function presetName(preset: Preset, trans: TranslationBundle): string {
  return {
    '24h': trans.__('24 hours'),
    today: trans.__('Today'),
    '7d': trans.__('7 days'),
    '30d': trans.__('30 days'),
    month: trans.__('This month'),
    'last-month': trans.__('Last month'),
    quarter: trans.__('This quarter'),
    'last-quarter': trans.__('Last quarter')
  }[preset];
}
