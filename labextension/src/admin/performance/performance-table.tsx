import React from 'react';

import { type Performance } from '../../api/admin-types';
import { useAdmin } from '../context';
import { type ISort, SortHeader } from '../ui/sort-header';
import { columnGroups, type IColumn, isBroken, sorted } from './columns';
import { Health } from './health';

/** A row for each model, connection or provider; its name leads to how it did over time. */
export function PerformanceTable(props: {
  rows: readonly Performance[];
  name: string;
  sort: ISort;
  onSort: (sort: ISort) => void;
  onOpen: (key: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { sort, onSort } = props;
  const groups = columnGroups(trans);
  const columns = groups.flatMap(group => group.columns);
  return (
    <div
      className="jp-mesh-Scroll jp-mesh-Performance"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Performance')}
    >
      <table className="jp-mesh-Table jp-mod-sticky">
        <thead>
          <tr className="jp-mesh-Table-groups">
            <td colSpan={2} />
            {groups.map(({ name, title, columns }) =>
              name === '' ? (
                <td key={name} colSpan={columns.length} />
              ) : (
                <th key={name} scope="colgroup" colSpan={columns.length} title={title}>
                  {name}
                </th>
              )
            )}
          </tr>
          <tr>
            <SortHeader column="name" sort={sort} onSort={onSort} isText>
              {props.name}
            </SortHeader>
            <th scope="col">{trans.__('Now')}</th>
            {columns.map(column => (
              <SortHeader
                key={column.id}
                column={column.id}
                sort={sort}
                onSort={onSort}
                title={column.title}
              >
                {column.name}
              </SortHeader>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(props.rows, columns, sort).map(row => (
            <tr key={row.key} data-name={row.key}>
              <th scope="row">
                <button
                  type="button"
                  className="jp-mesh-Link"
                  onClick={() => props.onOpen(row.key)}
                >
                  <bdi>{row.key}</bdi>
                </button>
              </th>
              <td>
                <Health row={row} />
              </td>
              {columns.map(column => (
                <Cell key={column.id} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ column, row }: { column: IColumn; row: Performance }): React.JSX.Element {
  const { trans } = useAdmin();
  const value = column.value(row);
  const promised = column.promised?.(row) ?? null;
  const title = promised === null ? undefined : trans.__('promised: %1', column.words(promised));
  if (value === null) {
    return <td className="jp-mod-number jp-mesh-dim">–</td>;
  }
  return (
    <td className="jp-mod-number" title={title}>
      {isBroken(column, row) ? (
        <strong className="jp-mesh-Broken">
          <span aria-hidden="true">▲ </span>
          {column.words(value)}
          <span className="jp-mesh-visually-hidden"> {title}</span>
        </strong>
      ) : (
        column.words(value)
      )}
    </td>
  );
}
