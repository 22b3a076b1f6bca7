import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type Performance } from '../../api/admin-types';
import { useAdmin } from '../context';
import { brokenWords } from './columns';

/** Whether calls go through, and what was promised and not held. */
export function Health({ row }: { row: Performance }): React.JSX.Element {
  const { trans } = useAdmin();
  const { circuit } = row;
  const broken = brokenWords(row, trans);
  const mark = { closed: 'good', half_open: 'warn', open: 'bad' }[circuit];
  return (
    <>
      <span className="jp-mesh-Health" title={circuitHint(row, trans)}>
        <span className={`jp-mesh-Dot jp-mod-${mark}`} aria-hidden="true" />
        <span className="jp-mesh-Health-words">{circuitWords(circuit, trans)}</span>
      </span>
      {broken.length > 0 && (
        <span className="jp-mesh-Badge jp-mod-warn" title={broken.join('\n')}>
          {trans._n('%1 promise not held', '%1 promises not held', broken.length)}
        </span>
      )}
    </>
  );
}

export function circuitWords(circuit: Performance['circuit'], trans: TranslationBundle): string {
  return {
    closed: trans.__('works'),
    half_open: trans.__('tried again'),
    open: trans.__('rested')
  }[circuit];
}

export function circuitHint({ circuit, resting }: Performance, trans: TranslationBundle): string {
  const models = resting.join(', ');
  switch (circuit) {
    case 'closed':
      return trans.__('The circuit is closed: calls go through.');
    case 'half_open':
      return trans.__('The circuit is half open: the next call of %1 is the trial.', models);
    case 'open':
      return trans.__(
        'The circuit is open: after several failures in a row no call goes to %1 for a while.',
        models
      );
  }
}
