import React, { useRef } from 'react';

import { useAdmin } from '../context';
import { type ISort, SortHeader } from '../ui/sort-header';
import { useVisibleRows } from '../ui/use-visible-rows';
import { type Dimension, dimensionName, isPeriod, valueWords } from './dimensions';
import { type IFigureColumn, type IFigureTable, sortedRows } from './figure-table';
import { amountWords, exactWords } from './measure';

const ROW_HEIGHT = 30;

/** Figures by rows and columns; a value's name narrows everything to it. */
export function UsageTable(props: {
  table: IFigureTable;
  rows: Dimension;
  sort: ISort;
  onSort: (sort: ISort) => void;
  onNarrow: (value: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { table, sort, onSort } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = sortedRows(table, sort);
  const { first, end } = useVisibleRows(scroller, rows.length, ROW_HEIGHT);
  return (
    <div
      ref={scroller}
      className="jp-mesh-Scroll jp-mesh-Usage-table"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Usage as a table')}
    >
      <table className="jp-mesh-Table jp-mod-sticky" aria-rowcount={rows.length + 2}>
        <thead>
          <tr>
            <SortHeader column="name" sort={sort} onSort={onSort} isText>
              {dimensionName(props.rows, trans)}
            </SortHeader>
            {table.columns.map(({ id, name }) => (
              <SortHeader key={id} column={id} sort={sort} onSort={onSort}>
                <bdi>{name}</bdi>
              </SortHeader>
            ))}
          </tr>
          <tr className="jp-mesh-Usage-totals">
            <th scope="row">{trans._n('Total of %1 row', 'Total of %1 rows', rows.length)}</th>
            <Figures columns={table.columns} figures={table.totals} />
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr style={{ height: first * ROW_HEIGHT }} />}
          {rows.slice(first, end).map(({ key, figures }, index) => (
            <tr key={key} aria-rowindex={first + index + 3} data-name={key}>
              <th scope="row">
                <RowName {...props} value={key} />
              </th>
              <Figures columns={table.columns} figures={figures} />
            </tr>
          ))}
          {end < rows.length && <tr style={{ height: (rows.length - end) * ROW_HEIGHT }} />}
        </tbody>
      </table>
    </div>
  );
}

function RowName(props: {
  rows: Dimension;
  value: string;
  onNarrow: (value: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { rows, value } = props;
  const words = valueWords(rows, value, trans);
  return rows === 'hour' ? (
    <bdi>{words}</bdi>
  ) : (
    <button
      type="button"
      className="jp-mesh-Link"
      title={
        isPeriod(rows)
          ? trans.__('%1: show only this time', words)
          : trans.__('%1: show only this', words)
      }
      onClick={() => props.onNarrow(value)}
    >
      <bdi>{words}</bdi>
    </button>
  );
}

function Figures(props: {
  columns: readonly IFigureColumn[];
  figures: readonly bigint[];
}): React.JSX.Element {
  return (
    <>
      {props.columns.map(({ id, measure }, index) => {
        const amount = props.figures[index] ?? 0n;
        return (
          <td
            key={id}
            className={`jp-mod-number ${amount === 0n ? 'jp-mesh-dim' : ''}`}
            title={amount === 0n ? undefined : exactWords(amount, measure)}
          >
            {amountWords(amount, measure)}
          </td>
        );
      })}
    </>
  );
}
