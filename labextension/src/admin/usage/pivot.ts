/** One answer of the gateway as a table of two dimensions. Its sums are exact, and its total is the gateway's own. */
import { type Usage } from '../../api/types';
import { type Dimension, isPeriod } from './dimensions';
import { amountOf, type Measure } from './measure';

export interface IPivotRow {
  key: string;
  total: bigint;
  /** By the column's key. */
  cells: ReadonlyMap<string, bigint>;
}

export interface IPivot {
  /** Periods in their order, other values from the largest. */
  columns: { key: string; total: bigint }[];
  /** From the largest. */
  rows: IPivotRow[];
  total: bigint;
}

/** `columns` null: one column that holds everything, under the key `''`. */
export function pivotOf(
  usage: Usage,
  rows: Dimension,
  columns: Dimension | null,
  measure: Measure
): IPivot {
  const byRow = new Map<string, Map<string, bigint>>();
  const byColumn = new Map<string, bigint>();
  for (const { key, spend } of usage.rows) {
    const amount = amountOf(spend, measure);
    const column = columns === null ? '' : (key[columns] ?? '');
    const cells = entry(byRow, key[rows] ?? '', () => new Map<string, bigint>());
    cells.set(column, (cells.get(column) ?? 0n) + amount);
    byColumn.set(column, (byColumn.get(column) ?? 0n) + amount);
  }
  const found = [...byRow].map(([key, cells]) => ({ key, cells, total: sum(cells.values()) }));
  const heads = [...byColumn].map(([key, total]) => ({ key, total }));
  return {
    columns: heads.sort(columns !== null && isPeriod(columns) ? inOrder : fromLargest),
    rows: found.sort(fromLargest),
    total: amountOf(usage.total, measure)
  };
}

/** The same with rows as columns. */
export function transposed({ columns, rows, total }: IPivot): IPivot {
  return {
    columns: rows.map(({ key, total }) => ({ key, total })),
    rows: columns.map(column => ({
      ...column,
      cells: new Map(
        rows.flatMap(row => {
          const amount = row.cells.get(column.key);
          return amount === undefined ? [] : [[row.key, amount] as const];
        })
      )
    })),
    total
  };
}

function sum(amounts: Iterable<bigint>): bigint {
  let all = 0n;
  for (const amount of amounts) {
    all += amount;
  }
  return all;
}

interface IKeyed {
  key: string;
  total: bigint;
}

function inOrder(a: IKeyed, b: IKeyed): number {
  return a.key < b.key ? -1 : 1;
}

function fromLargest(a: IKeyed, b: IKeyed): number {
  return a.total === b.total ? inOrder(a, b) : a.total > b.total ? -1 : 1;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) {
    return found;
  }
  const made = make();
  map.set(key, made);
  return made;
}
