import React from 'react';

import { EXPORT_FORMATS, type ExportFormat } from '../../api/record-client';
import { useAdmin } from '../context';

const NAMES: Record<ExportFormat, string> = { jsonl: 'JSONL', csv: 'CSV', parquet: 'Parquet' };

/**
 * The same as files. The browser follows the link itself, so that a file may be larger than its memory. Not by `download`:
 * of such a request it says no more than of one that a service worker sends on, which a hub refuses. A tab of its own
 * closes again when it gets a file, and no page is asked whether it may be left.
 */
export function ExportLinks(props: {
  addressOf: (format: ExportFormat) => string;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const offered = store.me.value?.file_formats ?? [];
  return (
    <span className="jp-mesh-Export">
      {trans.__('Export:')}
      {EXPORT_FORMATS.filter(format => offered.includes(format)).map(format => (
        <a
          key={format}
          className="jp-mesh-Button"
          href={props.addressOf(format)}
          target="_blank"
          rel="noopener"
        >
          {NAMES[format]}
        </a>
      ))}
    </span>
  );
}
