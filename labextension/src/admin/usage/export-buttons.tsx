import React, { useState } from 'react';

import { type FileFormat, type IUsageQuery } from '../../api/figures-client';
import { asMeshError } from '../../api/errors';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { daysOf } from '../range/range';

/** What is shown, as a file for a spreadsheet or a program. */
export function ExportButtons({ query }: { query: IUsageQuery }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [busy, setBusy] = useState<FileFormat | null>(null);
  const [failure, setFailure] = useState('');
  const save = async (format: FileFormat): Promise<void> => {
    setBusy(format);
    setFailure('');
    try {
      const { first, last } = daysOf(query);
      const ending = format === 'focus' ? 'focus.csv' : format;
      download(await store.api.usageFile(query, format), `usage-${first}-${last}.${ending}`);
    } catch (reason) {
      setFailure(failureWords(asMeshError(reason), trans));
    }
    setBusy(null);
  };
  const button = (format: FileFormat, name: string): React.JSX.Element => (
    <button
      type="button"
      className="jp-mesh-Button"
      disabled={busy !== null}
      aria-label={trans.__('Export %1', name)}
      onClick={() => void save(format)}
    >
      {name}
    </button>
  );
  return (
    <>
      <span className="jp-mesh-Export">
        {trans.__('Export:')}
        {button('csv', 'CSV')}
        {store.me.value?.file_formats?.includes('parquet') && button('parquet', 'Parquet')}
        {button('focus', 'FOCUS')}
      </span>
      {failure !== '' && (
        <p className="jp-mesh-Form-error" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}

function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
