import React, { useEffect, useState } from 'react';

import { type Resource } from '../../model/resource';
import { useResource } from '../../ui/surroundings';
import { Loaded, OutOfDate } from './loaded';

/**
 * As `Loaded`, for a question that is asked again and again in other words: what the last one brought stays, dimmed,
 * until the next answer is there, so that nothing jumps and nothing loses the focus.
 */
export function Kept<T>(props: {
  resource: Resource<T>;
  children: (value: T) => React.ReactNode;
}): React.JSX.Element {
  const { resource, children } = props;
  const state = useResource(resource);
  const [kept, setKept] = useState<{ value: T } | null>(null);
  useEffect(() => {
    if (resource.state.kind === 'loading') {
      void resource.refresh();
    }
  }, [resource]);
  const isReady = state.kind === 'ready';
  if (isReady && state.value !== kept?.value) {
    setKept({ value: state.value });
  } else if (state.kind === 'failed' && kept !== null) {
    setKept(null);
  }
  const shown = isReady ? state : kept;
  if (shown === null || state.kind === 'failed') {
    return <Loaded resource={resource}>{children}</Loaded>;
  }
  return (
    <div className="jp-mesh-Kept" aria-busy={!isReady}>
      {isReady && state.error !== null && <OutOfDate resource={resource} />}
      {children(shown.value)}
    </div>
  );
}
