import React from 'react';

import { type CallDetail } from '../api/types';
import { useWords } from '../ui/words';
import { FactsGrid } from '../ui/facts-grid';
import { parameters, plain } from './content';

/** The gateway's word for a call that named no purpose. */
const UNSTATED = 'unspecified';

/** Who asked for what, how it was routed, and the parameters that were sent. */
export function RecordFacts({ detail }: { detail: CallDetail }): React.JSX.Element {
  const trans = useWords();
  const { summary } = detail;
  const facts: [string, string][] = [
    [trans.__('Request'), summary.id],
    [trans.__('User'), summary.user],
    [trans.__('Application'), summary.application],
    [trans.__('Purpose'), summary.purpose === UNSTATED ? trans.__('not stated') : summary.purpose],
    [trans.__('Charged to the group'), detail.charged_group],
    [trans.__('Operation'), summary.operation],
    [trans.__('Candidates'), detail.candidates.join(' → ')],
    [trans.__('Screened'), detail.screened],
    [trans.__('Price from'), detail.price_source ?? ''],
    ...Object.entries(detail.tags).map(([name, value]): [string, string] => [
      trans.__('Tag %1', name),
      plain(value)
    ]),
    ...parameters(detail.request)
  ];
  return <FactsGrid facts={facts.filter(([, value]) => value !== '')} />;
}
