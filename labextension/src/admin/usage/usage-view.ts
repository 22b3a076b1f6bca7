/** How the page shows usage, as a link names it: a time, two dimensions, a measure, filters. */
import { type Where, type Whose } from '../../api/figures-client';
import { fittingStep } from '../../charts/steps';
import { type View } from '../place';
import { boundsOf, daysOf, type Range, rangeOf, rangeText } from '../range/range';
import { type ISort, sortOf, sortText } from '../ui/sort-header';
import {
  type Dimension,
  DIMENSIONS,
  type Field,
  FIELDS,
  isPeriod,
  nextField,
  periodBounds
} from './dimensions';
import { type Measure, MEASURES } from './measure';

export interface IUsageView {
  /** Null: as much as whoever looks may see. */
  whose: Whose | null;
  range: Range;
  rows: Dimension;
  columns: Dimension | null;
  measure: Measure;
  where: Where;
  /** Of the table. */
  sort: ISort;
}

const WHOSE = ['own', 'team', 'all'] as const satisfies readonly Whose[];

/** Whose usage whoever has these scopes may look at. */
export function usageOpenTo(scopes: readonly string[]): readonly Whose[] {
  if (scopes.includes('audit') || scopes.includes('admin')) {
    return WHOSE;
  }
  return scopes.includes('read:usage') ? ['own', 'team'] : ['own'];
}

/** Whose is shown: as the link says, where one may; else everybody's or one's own, as one may. */
export function whoseOf({ whose }: IUsageView, scopes: readonly string[]): Whose {
  const open = usageOpenTo(scopes);
  return open.find(one => one === whose) ?? (open.includes('all') ? 'all' : 'own');
}

export const LARGEST_FIRST: ISort = { column: 'total', isDescending: true };

export function usageViewOf(view: View): IUsageView {
  const known = (text: string | undefined): Dimension | undefined =>
    DIMENSIONS.find(one => one === text);
  const rows = known(view['rows']) ?? 'model';
  const columns = view['columns'] === 'none' ? null : (known(view['columns']) ?? 'day');
  return {
    whose: WHOSE.find(one => one === view['whose']) ?? null,
    range: rangeOf(view['range'], 'month'),
    rows,
    columns: columns === rows ? null : columns,
    measure: MEASURES.find(one => one === view['measure']) ?? 'money',
    sort: sortOf(view['sort'], LARGEST_FIRST),
    where: Object.fromEntries(
      FIELDS.flatMap(field => {
        const value = view[`is.${field}`];
        return value === undefined ? [] : [[field, value]];
      })
    )
  };
}

/** The inverse of `usageViewOf`. */
export function viewOf({ whose, range, rows, columns, measure, where, sort }: IUsageView): View {
  const filters = Object.entries(where).map(([field, value]) => [`is.${field}`, value]);
  return {
    ...(whose !== null && { whose }),
    range: rangeText(range),
    rows,
    columns: columns ?? 'none',
    measure,
    sort: sortText(sort),
    ...(Object.fromEntries(filters) as View)
  };
}

/** Another time: periods become those that show it well. */
export function withRange(view: IUsageView, range: Range, now: Date): IUsageView {
  const { since, until } = boundsOf(range, now);
  const fitting = fittingStep(since, until);
  const fit = <D extends Dimension | null>(one: D): D | typeof fitting =>
    isPeriod(one) ? fitting : one;
  return { ...view, range, rows: fit(view.rows), columns: fit(view.columns) };
}

/** One value of a dimension only. The rows go on to what is worth looking at next; a period becomes the time. */
export function narrowedTo(
  view: IUsageView,
  dimension: Dimension,
  value: string,
  now: Date
): IUsageView {
  if (isPeriod(dimension)) {
    const bounds = periodBounds(dimension, value);
    return bounds === null || dimension === 'hour' ? view : withRange(view, daysOf(bounds), now);
  }
  const where = { ...view.where, [dimension]: value };
  const taken = [...Object.keys(where), view.rows, view.columns ?? ''];
  const next = (one: Dimension | null): Dimension | null =>
    one === dimension ? nextField(dimension, taken) : one;
  return { ...view, where, rows: next(view.rows) ?? view.rows, columns: next(view.columns) };
}

/** Without the filter of one field. */
export function without(view: IUsageView, field: Field): IUsageView {
  const others = Object.entries(view.where).filter(([name]) => name !== field);
  return { ...view, where: Object.fromEntries(others) };
}
