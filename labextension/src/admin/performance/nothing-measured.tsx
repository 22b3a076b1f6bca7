import React from 'react';

import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type Preset } from '../range/range';

/** Times that performance is shown of. */
export const PRESETS = ['24h', '7d', '30d', 'quarter'] as const satisfies readonly Preset[];

/** Said where no call reached a model. */
export function NothingMeasured(props: {
  isLonger: boolean;
  onLonger: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <EmptyNote>
      <p>{trans.__('No call reached a model in this time.')}</p>
      {!props.isLonger && (
        <button type="button" className="jp-mesh-Button" onClick={props.onLonger}>
          {trans.__('Show 30 days')}
        </button>
      )}
    </EmptyNote>
  );
}
