import React from 'react';

import { type Whose } from '../../api/figures-client';
import { useAdmin } from '../context';
import { RangePicker } from '../range/range-picker';
import { type Preset } from '../range/range';
import { Segments } from '../ui/segments';
import { type Dimension, dimensionName, type Field, FIELDS, valueWords } from './dimensions';
import { DIMENSIONS } from './dimensions';
import { MEASURES, measureName } from './measure';
import { type IUsageView, LARGEST_FIRST, withRange, without } from './usage-view';

const PRESETS = [
  'today',
  '7d',
  'month',
  'last-month',
  'quarter'
] as const satisfies readonly Preset[];

/** What is shown of which time, by what, and of whom. */
export function UsageControls(props: {
  view: IUsageView;
  whose: Whose;
  /** Whose usage one may look at. */
  open: readonly Whose[];
  now: Date;
  onChange: (view: IUsageView) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { view, whose, open, now, onChange } = props;
  const names: Record<Whose, string> = {
    own: trans.__('Mine'),
    team: trans.__('My groups’'),
    all: trans.__('Everybody’s')
  };
  const swapped =
    view.columns === null ? null : { ...view, rows: view.columns, columns: view.rows };
  return (
    <>
      <div className="jp-mesh-Controls">
        <RangePicker
          presets={PRESETS}
          range={view.range}
          now={now}
          onChange={range => onChange(withRange(view, range, now))}
        />
        {open.length > 1 && (
          <Segments
            label={trans.__('Whose usage')}
            value={whose}
            options={open.map(one => [one, names[one]] as const)}
            onChange={chosen => onChange({ ...view, whose: chosen })}
          />
        )}
        <Segments
          label={trans.__('Measure')}
          value={view.measure}
          options={MEASURES.map(one => [one, measureName(one, trans)] as const)}
          onChange={measure => onChange({ ...view, measure })}
        />
      </div>
      <div className="jp-mesh-Controls">
        <DimensionSelect
          label={trans.__('Rows')}
          value={view.rows}
          onChange={rows =>
            rows !== null &&
            onChange({
              ...view,
              rows,
              columns: rows === view.columns ? view.rows : view.columns,
              sort: LARGEST_FIRST
            })
          }
        />
        <DimensionSelect
          label={trans.__('Columns')}
          value={view.columns}
          none={trans.__('all figures')}
          without={view.rows}
          onChange={columns => onChange({ ...view, columns, sort: LARGEST_FIRST })}
        />
        {swapped !== null && (
          <button
            type="button"
            className="jp-mesh-Button"
            onClick={() => onChange({ ...swapped, sort: LARGEST_FIRST })}
          >
            {trans.__('Swap')}
          </button>
        )}
      </div>
      <Filters view={view} onChange={onChange} />
    </>
  );
}

function DimensionSelect(props: {
  label: string;
  value: Dimension | null;
  /** How no dimension is called, where there may be none. */
  none?: string;
  without?: Dimension;
  onChange: (dimension: Dimension | null) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const offered = DIMENSIONS.filter(one => one !== props.without);
  return (
    <label className="jp-mesh-Labelled">
      <span aria-hidden="true">{props.label}</span>
      <select
        aria-label={props.label}
        value={props.value ?? ''}
        onChange={event =>
          props.onChange(DIMENSIONS.find(one => one === event.target.value) ?? null)
        }
      >
        {props.none !== undefined && <option value="">{props.none}</option>}
        {offered.map(dimension => (
          <option key={dimension} value={dimension}>
            {dimensionName(dimension, trans)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What everything is narrowed to; each can be taken back. */
function Filters(props: {
  view: IUsageView;
  onChange: (view: IUsageView) => void;
}): React.JSX.Element | null {
  const { trans } = useAdmin();
  const { view, onChange } = props;
  const set = FIELDS.flatMap((field): [Field, string][] => {
    const value = view.where[field];
    return value === undefined ? [] : [[field, value]];
  });
  if (set.length === 0) {
    return null;
  }
  return (
    <ul className="jp-mesh-UsageFilters" aria-label={trans.__('Only')}>
      {set.map(([field, value]) => {
        const words = trans.__(
          '%1: %2',
          dimensionName(field, trans),
          valueWords(field, value, trans)
        );
        return (
          <li key={field}>
            <bdi>{words}</bdi>
            <button
              type="button"
              className="jp-mesh-IconButton"
              title={trans.__('Remove')}
              aria-label={trans.__('No longer only %1', words)}
              onClick={() => onChange(without(view, field))}
            >
              <span aria-hidden="true">×</span>
            </button>
          </li>
        );
      })}
      {set.length > 1 && (
        <li className="jp-mod-all">
          <button
            type="button"
            className="jp-mesh-Link"
            onClick={() => onChange({ ...view, where: {} })}
          >
            {trans.__('Remove all')}
          </button>
        </li>
      )}
    </ul>
  );
}
