import React from 'react';

import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type Page } from '../place';

/** A link led to what is not there, or no longer. */
export function Missing(props: { name: string; page: Page }): React.JSX.Element {
  const { trans, place } = useAdmin();
  return (
    <EmptyNote>
      <p>{trans.__('There is no “%1” (any more).', props.name)}</p>
      <button
        type="button"
        className="jp-mesh-Button"
        onClick={() => place.go({ page: props.page })}
      >
        {trans.__('Show all')}
      </button>
    </EmptyNote>
  );
}
