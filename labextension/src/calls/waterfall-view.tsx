import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type CallDetail } from '../api/types';
import { formatDuration } from '../figures';
import { useWords } from '../ui/words';
import { extentOf, type ISpan, spansOf } from './waterfall';

/** Where the time of a call went. */
export function WaterfallView({ detail }: { detail: CallDetail }): React.JSX.Element | null {
  const trans = useWords();
  const spans = spansOf(detail);
  const extent = extentOf(spans);
  if (extent === 0) {
    return null;
  }
  const percent = (ms: number): string => `${(ms / extent) * 100}%`;
  return (
    <table className="jp-mesh-Waterfall">
      <tbody>
        {spans.map((span, index) => (
          <tr key={index}>
            <th scope="row">{spanName(span, trans)}</th>
            <td>{formatDuration(span.length)}</td>
            <td className="jp-mesh-Waterfall-track" aria-hidden="true">
              <span
                className={`jp-mesh-Waterfall-bar jp-mod-${span.kind}`}
                style={{ insetInlineStart: percent(span.start), width: percent(span.length) }}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function spanName({ kind, model }: ISpan, trans: TranslationBundle): string {
  return {
    'first-token': trans.__('until the first token'),
    streaming: trans.__('answering'),
    upstream: trans.__('provider'),
    overhead: trans.__('gateway’s own time'),
    child: trans.__('nested: %1', model)
  }[kind];
}
