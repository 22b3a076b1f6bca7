/** What a row of the performance table says, in which columns, and by what it can be sorted. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Performance } from '../../api/admin-types';
import { exactCount, formatDuration, formatShare } from '../../figures';
import { type ISort } from '../ui/sort-header';

export interface IColumn {
  id: string;
  name: string;
  title?: string;
  value: (row: Performance) => number | null;
  words: (value: number) => string;
  /** At most this was promised. */
  promised?: (row: Performance) => number | null;
}

export interface IColumnGroup {
  name: string;
  title?: string;
  columns: readonly IColumn[];
}

export function rateWords(value: number): string {
  return value < 9.95 ? value.toFixed(1) : exactCount(value);
}

export function columnGroups(trans: TranslationBundle): IColumnGroup[] {
  const duration = formatDuration;
  return [
    {
      name: '',
      columns: [
        { id: 'calls', name: trans.__('Calls'), value: row => row.calls, words: exactCount },
        {
          id: 'errors',
          name: trans.__('Errors'),
          value: row => row.error_rate,
          words: formatShare,
          promised: row => row.promised.error_rate
        },
        {
          id: 'retries',
          name: trans.__('Retries'),
          title: trans.__('Tries that failed and were followed by another, for each call'),
          value: retryRate,
          words: formatShare
        }
      ]
    },
    {
      name: trans.__('Total time'),
      columns: [
        { id: 'p50', name: 'p50', value: row => row.total_ms.p50, words: duration },
        {
          id: 'p95',
          name: 'p95',
          value: row => row.total_ms.p95,
          words: duration,
          promised: row => row.promised.p95_ms
        },
        { id: 'p99', name: 'p99', value: row => row.total_ms.p99, words: duration }
      ]
    },
    {
      name: trans.__('First token'),
      title: trans.__('Of streamed answers'),
      columns: [
        { id: 'first50', name: 'p50', value: row => row.first_token_ms.p50, words: duration },
        {
          id: 'first95',
          name: 'p95',
          value: row => row.first_token_ms.p95,
          words: duration,
          promised: row => row.promised.first_token_p95_ms
        }
      ]
    },
    {
      name: trans.__('Tokens/s'),
      columns: [
        { id: 'speed', name: 'p50', value: row => row.tokens_per_second.p50, words: rateWords }
      ]
    },
    {
      name: trans.__('Gateway'),
      title: trans.__('The gateway’s own share of the time'),
      columns: [{ id: 'own', name: 'p95', value: row => row.overhead_ms.p95, words: duration }]
    }
  ];
}

/** Null without a call: a try of which nothing came is no share of anything. */
function retryRate({ calls, retried }: Performance): number | null {
  return calls > 0 ? retried / calls : null;
}

/** Whether a promise was not held here; of too few calls nothing is said. */
export function isBroken(column: IColumn, row: Performance): boolean {
  const [value, promised] = [column.value(row), column.promised?.(row) ?? null];
  return row.breaches.length > 0 && value !== null && promised !== null && value > promised;
}

/** What was promised and not held, in words. */
export function brokenWords(row: Performance, trans: TranslationBundle): string[] {
  return columnGroups(trans).flatMap(({ name, columns }) =>
    columns
      .filter(column => isBroken(column, row))
      .map(column => {
        const what = name === '' ? column.name : `${name}, ${column.name}`;
        const [value, promised] = [column.value(row) ?? 0, column.promised?.(row) ?? 0];
        return trans.__(
          '%1: %2, promised at most %3',
          what,
          column.words(value),
          column.words(promised)
        );
      })
  );
}

/** Rows in the order asked for; what was not measured comes last either way. */
export function sorted(
  rows: readonly Performance[],
  columns: readonly IColumn[],
  { column, isDescending }: ISort
): Performance[] {
  const direction = isDescending ? -1 : 1;
  const value = columns.find(({ id }) => id === column)?.value;
  return [...rows].sort((a, b) => {
    const [x, y] = value === undefined ? [0, 0] : [value(a), value(b)];
    if (x === null || y === null) {
      return Number(x === null) - Number(y === null);
    }
    const byName = a.key.localeCompare(b.key);
    return value === undefined ? byName * direction : (x - y) * direction || byName;
  });
}
