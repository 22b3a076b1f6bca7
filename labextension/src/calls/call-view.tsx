import React, { useEffect, useState } from 'react';

import { CommandIDs } from '../command-ids';
import { Resource } from '../model/resource';
import { Skeleton } from '../ui/placeholder';
import { useResource, useSurroundings } from '../ui/surroundings';
import { TroubleNote } from '../ui/trouble';
import { CallTrace } from './call-trace';

/** Everything recorded of one call. Asked for again until the call has ended. */
export function CallView({ id }: { id: string }): React.JSX.Element {
  const { model, commands } = useSurroundings();
  const [resource] = useState(() => new Resource(() => model.client.call(id)));
  const detail = useResource(resource);
  useEffect(() => {
    void resource.refresh();
    const refreshPending = (): void => {
      if (resource.value?.summary.outcome === 'pending') {
        void resource.refresh();
      }
    };
    model.calls.changed.connect(refreshPending);
    return () => {
      model.calls.changed.disconnect(refreshPending);
    };
  }, [model, resource]);
  switch (detail.kind) {
    case 'loading':
      return <Skeleton lines={9} />;
    case 'failed':
      return <TroubleNote error={detail.error} onRetry={() => void resource.refresh()} />;
    case 'ready':
      return (
        <CallTrace
          detail={detail.value}
          onOpen={nested => void commands.execute(CommandIDs.openCall, { id: nested })}
        />
      );
  }
}
