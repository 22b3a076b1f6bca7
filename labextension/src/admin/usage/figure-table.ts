/** Usage as columns and rows of figures, with what stands in the last line. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Spend, type Usage } from '../../api/types';
import { picoOf } from '../../money';
import { type ISort } from '../ui/sort-header';
import { type Dimension, isPeriod, valueWords } from './dimensions';
import { amountOf, type Measure } from './measure';
import { type IPivot } from './pivot';

export interface IFigureColumn {
  id: string;
  name: string;
  measure: Measure;
  /** The value that the column stands for, where it is one. */
  value?: string;
}

export interface IFigureRow {
  key: string;
  figures: readonly bigint[];
}

export interface IFigureTable {
  columns: readonly IFigureColumn[];
  rows: readonly IFigureRow[];
  totals: readonly bigint[];
}

/** Columns of values that are no periods; the rest is one column. */
const MOST_COLUMNS = 12;

/** A column for each value of the second dimension, after the total. */
export function pivotTable(
  pivot: IPivot,
  columns: Dimension,
  measure: Measure,
  trans: TranslationBundle
): IFigureTable {
  const isCut = !isPeriod(columns) && pivot.columns.length > MOST_COLUMNS;
  const own = isCut ? pivot.columns.slice(0, MOST_COLUMNS - 1) : pivot.columns;
  const sumOf = (all: readonly bigint[]): bigint => all.reduce((a, b) => a + b, 0n);
  const withRest = (total: bigint, figures: readonly bigint[]): bigint[] =>
    isCut ? [total, ...figures, total - sumOf(figures)] : [total, ...figures];
  return {
    columns: [
      { id: 'total', name: trans.__('Total'), measure },
      ...own.map(({ key }) => ({
        id: `is:${key}`,
        name: valueWords(columns, key, trans),
        measure,
        value: key
      })),
      ...(isCut
        ? [
            {
              id: 'rest',
              name: trans.__('%1 others', pivot.columns.length - own.length),
              measure
            }
          ]
        : [])
    ],
    rows: pivot.rows.map(({ key, total, cells }) => ({
      key,
      figures: withRest(
        total,
        own.map(column => cells.get(column.key) ?? 0n)
      )
    })),
    totals: withRest(
      pivot.total,
      own.map(({ total }) => total)
    )
  };
}

interface IDetail {
  id: string;
  name: string;
  measure: Measure;
  of: (spend: Spend) => bigint;
}

/** Without a second dimension: everything that is known of each value. What nobody has is left out. */
export function detailTable(usage: Usage, rows: Dimension, trans: TranslationBundle): IFigureTable {
  const count = (of: (spend: Spend) => number) => (spend: Spend) => BigInt(of(spend));
  const all: IDetail[] = [
    { id: 'total', name: trans.__('Cost'), measure: 'money', of: one => amountOf(one, 'money') },
    { id: 'calls', name: trans.__('Calls'), measure: 'calls', of: count(one => one.calls) },
    {
      id: 'cached',
      name: trans.__('From the cache'),
      measure: 'calls',
      of: count(one => one.cached_calls)
    },
    {
      id: 'input',
      name: trans.__('Tokens in'),
      measure: 'tokens',
      of: count(one => one.input_tokens)
    },
    {
      id: 'cache_read',
      name: trans.__('of these, provider’s cache'),
      measure: 'tokens',
      of: count(one => one.cache_read_tokens)
    },
    {
      id: 'output',
      name: trans.__('Tokens out'),
      measure: 'tokens',
      of: count(one => one.output_tokens)
    },
    {
      id: 'reasoning',
      name: trans.__('of these, reasoning'),
      measure: 'tokens',
      of: count(one => one.reasoning_tokens)
    },
    {
      id: 'saved',
      name: trans.__('Saved by cache'),
      measure: 'money',
      of: one => picoOf(one.saved_usd)
    },
    {
      id: 'fallback',
      name: trans.__('Saved by fallback'),
      measure: 'money',
      of: one => picoOf(one.saved_by_fallback_usd)
    },
    {
      id: 'unpriced',
      name: trans.__('Without a price'),
      measure: 'calls',
      of: count(one => one.unpriced)
    }
  ];
  const always = new Set(['total', 'calls', 'input', 'output', 'saved']);
  const columns = all.filter(({ id, of }) => always.has(id) || of(usage.total) !== 0n);
  const figures = (spend: Spend): bigint[] => columns.map(({ of }) => of(spend));
  return {
    columns,
    rows: usage.rows.map(({ key, spend }) => ({ key: key[rows] ?? '', figures: figures(spend) })),
    totals: figures(usage.total)
  };
}

/** Rows in the order asked for; where the figures are the same, by name. */
export function sortedRows({ columns, rows }: IFigureTable, sort: ISort): readonly IFigureRow[] {
  const direction = sort.isDescending ? -1 : 1;
  const at = Math.max(
    0,
    columns.findIndex(({ id }) => id === sort.column)
  );
  return [...rows].sort((a, b) => {
    const [x, y] = [a.figures[at] ?? 0n, b.figures[at] ?? 0n];
    const byName = a.key.localeCompare(b.key);
    if (sort.column === 'name') {
      return byName * direction;
    }
    return x === y ? byName : x < y ? -direction : direction;
  });
}
