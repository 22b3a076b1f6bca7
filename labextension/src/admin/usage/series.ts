/** The rows of a table as colours of a chart: the largest, and all others as one. */
import { MOST_SERIES, type Tone, toneOf } from '../../charts/tones';
import { type IPivot } from './pivot';

export interface ISeries {
  /** What it stands for; null for all others together. */
  value: string | null;
  name: string;
  tone: Tone;
  total: bigint;
  cells: ReadonlyMap<string, bigint>;
}

export function seriesOf(
  { rows }: IPivot,
  nameOf: (value: string) => string,
  restName: (count: number) => string
): ISeries[] {
  const isCut = rows.length > MOST_SERIES;
  const own = isCut ? rows.slice(0, MOST_SERIES - 1) : rows;
  const rest = rows.slice(own.length);
  const series: ISeries[] = own.map(({ key, total, cells }, index) => ({
    value: key,
    name: nameOf(key),
    tone: toneOf(index),
    total,
    cells
  }));
  if (isCut) {
    const cells = new Map<string, bigint>();
    let total = 0n;
    for (const row of rest) {
      total += row.total;
      for (const [column, amount] of row.cells) {
        cells.set(column, (cells.get(column) ?? 0n) + amount);
      }
    }
    series.push({ value: null, name: restName(rest.length), tone: 'rest', total, cells });
  }
  return series;
}
