import React, { useEffect } from 'react';

import { type Resource } from '../../model/resource';
import { SkeletonLines } from '../../ui/placeholder';
import { useResource } from '../../ui/surroundings';
import { Trouble } from '../../ui/trouble';
import { useAdmin } from '../context';

/** Asks for a resource when it is first shown; then its content, or why there is none. */
export function Loaded<T>(props: {
  resource: Resource<T>;
  children: (value: T) => React.ReactNode;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { resource } = props;
  const state = useResource(resource);
  useEffect(() => {
    if (resource.state.kind === 'loading') {
      void resource.refresh();
    }
  }, [resource]);
  switch (state.kind) {
    case 'loading':
      return <SkeletonLines lines={6} label={trans.__('Loading')} />;
    case 'failed':
      return (
        <Trouble
          error={state.error}
          onRetry={() => void resource.renew()}
          trans={trans}
          admin={store.me.value?.admin_contact}
        />
      );
    case 'ready':
      return (
        <>
          {state.error !== null && <OutOfDate resource={resource} />}
          {props.children(state.value)}
        </>
      );
  }
}

/** Said above what the gateway last said, when it does not answer any more. */
export function OutOfDate<T>({ resource }: { resource: Resource<T> }): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <div className="jp-mesh-Banner" role="status">
      <span>{trans.__('The gateway does not answer. This is what it last said.')}</span>
      <button type="button" className="jp-mesh-Link" onClick={() => void resource.renew()}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}
