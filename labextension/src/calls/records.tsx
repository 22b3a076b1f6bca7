import React from 'react';

import { plain } from './content';

/** Recorded objects as a table: one column for every field that occurs. All of it is plain text. */
export function Records({ rows }: { rows: readonly unknown[] }): React.JSX.Element {
  const objects = rows.map(row =>
    typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : { value: row }
  );
  const columns = [...new Set(objects.flatMap(Object.keys))];
  const isFigure = (column: string): boolean =>
    objects.every(row => ['number', 'undefined'].includes(typeof row[column]));
  return (
    <table className="jp-mesh-Records">
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column} scope="col" className={isFigure(column) ? 'jp-mod-number' : undefined}>
              {titled(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {objects.map((row, index) => (
          <tr key={index}>
            {columns.map(column => (
              <td key={column} className={isFigure(column) ? 'jp-mod-number' : undefined}>
                {plain(row[column])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `error_code` as `Error code`. */
function titled(column: string): string {
  const words = column.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
