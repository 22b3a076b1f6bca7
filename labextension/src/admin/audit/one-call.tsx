import React, { useMemo } from 'react';

import { type CallDetail } from '../../api/types';
import { CallTrace } from '../../calls/call-trace';
import { keptWords } from '../../calls/kept-text';
import { Resource } from '../../model/resource';
import { useAdmin } from '../context';
import { Loaded } from '../ui/loaded';

/** One call in full: its trace, what was sent and answered as policy kept it, and calls made for it. */
export function OneCall(props: { id: string; back: string }): React.JSX.Element {
  const { store, place } = useAdmin();
  const { id, back } = props;
  const resource = useMemo(() => new Resource(() => store.api.call(id)), [store, id]);
  const { view } = place.spot;
  return (
    <>
      <button
        type="button"
        className="jp-mesh-Link"
        onClick={() => place.go({ page: 'audit', ...(view && { view }) })}
      >
        ‹ {back}
      </button>
      <Loaded resource={resource}>
        {detail => (
          <CallTrace
            detail={detail}
            onOpen={nested => place.go({ ...place.spot, open: { kind: 'call', name: nested } })}
          >
            <ContentNote detail={detail} />
          </CallTrace>
        )}
      </Loaded>
    </>
  );
}

/** Whose text one sees and how it is kept; that somebody else's was read stays on record. */
function ContentNote({ detail }: { detail: CallDetail }): React.JSX.Element | null {
  const { trans, store } = useAdmin();
  const hasText = detail.request !== null || detail.response !== null;
  if (!hasText) {
    return null;
  }
  const isOwn = store.me.value?.user === detail.summary.user;
  const whose = isOwn
    ? ''
    : trans.__('It is %1’s, not yours: that you read it is on record.', detail.summary.user);
  return (
    <div className="jp-mesh-Notice">
      {keptWords(detail, trans)} {whose}
    </div>
  );
}
