import React from 'react';

import { EXPORT_FORMATS, type ExportFormat } from '../../api/record-client';
import { useAdmin } from '../context';

const NAMES: Record<ExportFormat, string> = { jsonl: 'JSONL', csv: 'CSV', parquet: 'Parquet' };

/** The same as files. The browser follows the link itself, so that a file may be larger than its memory. */
export function ExportLinks(props: {
  name: string;
  addressOf: (format: ExportFormat) => string;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <span className="jp-mesh-Export">
      {trans.__('Export:')}
      {EXPORT_FORMATS.map(format => (
        <a
          key={format}
          className="jp-mesh-Link"
          href={props.addressOf(format)}
          download={`${props.name}.${format}`}
        >
          {NAMES[format]}
        </a>
      ))}
    </span>
  );
}
