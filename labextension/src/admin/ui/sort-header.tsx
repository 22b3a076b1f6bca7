import React from 'react';

export interface ISort {
  column: string;
  isDescending: boolean;
}

/** `column` or, descending, `-column`, as a link names it. */
export function sortText({ column, isDescending }: ISort): string {
  return isDescending ? `-${column}` : column;
}

export function sortOf(text: string | undefined, fallback: ISort): ISort {
  if (text === undefined || text === '' || text === '-') {
    return fallback;
  }
  const isDescending = text.startsWith('-');
  return { column: isDescending ? text.slice(1) : text, isDescending };
}

/** The heading of a column that rows can be sorted by: figures from the largest, names from A. */
export function SortHeader(props: {
  column: string;
  sort: ISort;
  onSort: (sort: ISort) => void;
  isText?: boolean;
  title?: string;
  className?: string;
  children: React.ReactNode;
}): React.JSX.Element {
  const { column, sort, onSort, isText = false } = props;
  const isSorted = sort.column === column;
  const isDescending = isSorted ? !sort.isDescending : !isText;
  return (
    <th
      scope="col"
      className={`${isText ? '' : 'jp-mod-number'} ${props.className ?? ''}`}
      aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}
    >
      <button
        type="button"
        className="jp-mesh-Sort"
        title={props.title}
        onClick={() => onSort({ column, isDescending })}
      >
        {props.children}
        <span aria-hidden="true" className="jp-mesh-Sort-mark">
          {isSorted ? (sort.isDescending ? '▼' : '▲') : ''}
        </span>
      </button>
    </th>
  );
}
