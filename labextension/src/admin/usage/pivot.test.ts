import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Spend, type Usage } from '../../api/types';
import { usdOf } from '../../money';
import { detailTable, type IFigureTable, pivotTable, sortedRows } from './figure-table';
import { amountOf, amountWords, exactWords } from './measure';
import { pivotOf, transposed } from './pivot';
import { seriesOf } from './series';

const trans = nullTranslator.load('jupyter_mesh');
const spend = (cost: string, changes: Partial<Spend> = {}): Spend => ({
  cost_usd: cost,
  saved_usd: '0',
  saved_by_fallback_usd: '0',
  fixed_usd: '0',
  calls: 1,
  cached_calls: 0,
  input_tokens: 100,
  output_tokens: 10,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  input_audio_tokens: 0,
  output_audio_tokens: 0,
  input_image_tokens: 0,
  unpriced: 0,
  ...changes
});
const usage = (by: string[], rows: [string[], string][], total: string): Usage => ({
  since: '2026-11-01T00:00:00Z',
  until: '2026-11-03T00:00:00Z',
  by,
  view: 'all',
  where: {},
  idle_usd: '0',
  rows: rows.map(([values, cost]) => ({
    key: Object.fromEntries(by.map((name, index) => [name, values[index] ?? ''])),
    spend: spend(cost)
  })),
  total: spend(total, { calls: rows.length })
});
const MONTH = usage(
  ['user', 'day'],
  [
    [['ada', '2026-11-02'], '0.1'],
    [['ben', '2026-11-01'], '0.2'],
    [['ada', '2026-11-01'], '0.000000000001'],
    [['eva', '2026-11-01'], '0.1']
  ],
  '0.400000000001'
);

const written = ({ columns, rows, totals }: IFigureTable): string[][] => [
  ['', ...columns.map(({ name }) => name)],
  ...rows.map(({ key, figures }) => [
    key,
    ...figures.map((figure, index) => exactWords(figure, columns[index]?.measure ?? 'money'))
  ]),
  ['', ...totals.map((figure, index) => exactWords(figure, columns[index]?.measure ?? 'money'))]
];

test('rows, columns and all of it add up to the last digit', () => {
  const table = pivotTable(pivotOf(MONTH, 'user', 'day', 'money'), 'day', 'money', trans);
  expect(written(table).map(line => line.slice(1))).toEqual([
    ['Total', 'Nov 1', 'Nov 2'],
    ['$0.20', '$0.20', '$0.00'],
    ['$0.100000000001', '$0.000000000001', '$0.10'],
    ['$0.10', '$0.10', '$0.00'],
    ['$0.400000000001', '$0.300000000001', '$0.10']
  ]);
  expect(table.rows.map(({ key }) => key)).toEqual(['ben', 'ada', 'eva']);
});

test('the total is the one that the gateway sent', () => {
  const wrong = { ...MONTH, total: spend('7') };
  expect(usdOf(pivotOf(wrong, 'user', 'day', 'money').total)).toBe('7');
});

test('what an hour of a connection costs is a part of the money', () => {
  expect(usdOf(amountOf(spend('1', { fixed_usd: '0.25' }), 'money'))).toBe('1.25');
  expect(amountOf(spend('1'), 'tokens')).toBe(110n);
  expect(amountWords(0n, 'money')).toBe('–');
});

test('turned around, rows are columns and nothing is lost', () => {
  const pivot = pivotOf(MONTH, 'user', 'day', 'money');
  const turned = transposed(pivot);
  expect(turned.rows.map(({ key }) => key)).toEqual(['2026-11-01', '2026-11-02']);
  expect(transposed(turned)).toEqual({ ...pivot, rows: pivot.rows });
});

test.each([
  [6, 6, null],
  [7, 7, null],
  [8, 7, '2 others'],
  [40, 7, '34 others']
])('of %d values %d have a colour, the last one %s', (count, colours, rest) => {
  const rows = Array.from({ length: count }, (_, index): [string[], string] => [
    [`user ${String(index).padStart(2, '0')}`, '2026-11-01'],
    String(count - index)
  ]);
  const pivot = pivotOf(usage(['user', 'day'], rows, '0'), 'user', 'day', 'money');
  const series = seriesOf(
    pivot,
    value => value,
    others => `${others} others`
  );
  expect(series).toHaveLength(colours);
  expect(series.at(-1)?.value === null ? series.at(-1)?.name : null).toBe(rest);
  const all = pivot.rows.reduce((sum, { total }) => sum + total, 0n);
  expect(series.reduce((sum, { total }) => sum + total, 0n)).toBe(all);
  expect(series.reduce((sum, { cells }) => sum + (cells.get('2026-11-01') ?? 0n), 0n)).toBe(all);
});

test('many columns that are no periods end in one for all others', () => {
  const rows = Array.from({ length: 20 }, (_, index): [string[], string] => [
    ['ada', `model ${index}`],
    '1'
  ]);
  const pivot = pivotOf(usage(['user', 'model'], rows, '20'), 'user', 'model', 'money');
  const table = pivotTable(pivot, 'model', 'money', trans);
  expect(table.columns.map(({ name }) => name).slice(-1)).toEqual(['9 others']);
  expect(table.columns).toHaveLength(13);
  const [total = 0n, ...cells] = table.rows[0]?.figures ?? [];
  expect(cells.reduce((sum, cell) => sum + cell, 0n)).toBe(total);
  expect(exactWords(table.totals.at(-1) ?? 0n, 'money')).toBe('$9.00');
});

test('without a second dimension every figure that somebody has is a column', () => {
  const plain = usage(['user'], [[['ada'], '1']], '1');
  const names = (one: Usage): string[] => detailTable(one, 'user', trans).columns.map(c => c.id);
  expect(names(plain)).toEqual(['total', 'calls', 'input', 'output', 'saved']);
  const total = spend('1', { unpriced: 2, reasoning_tokens: 5, saved_by_fallback_usd: '3' });
  expect(names({ ...plain, total })).toEqual(
    'total calls input output reasoning saved fallback unpriced'.split(' ')
  );
});

test.each([
  ['total', true, 'ben ada eva'],
  ['total', false, 'eva ada ben'],
  ['name', false, 'ada ben eva'],
  ['is:2026-11-02', true, 'ada ben eva'],
  ['gone', true, 'ben ada eva']
])('by %s, descending %s, the rows are %s', (column, isDescending, keys) => {
  const table = pivotTable(pivotOf(MONTH, 'user', 'day', 'money'), 'day', 'money', trans);
  const rows = sortedRows(table, { column, isDescending });
  expect(rows.map(({ key }) => key).join(' ')).toBe(keys);
});
