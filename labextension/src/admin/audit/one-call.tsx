import React, { useMemo } from 'react';

import { type CallDetail } from '../../api/types';
import { CallTrace } from '../../calls/call-trace';
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
          <>
            <ContentNote detail={detail} />
            <CallTrace
              detail={detail}
              onOpen={nested => place.go({ ...place.spot, open: { kind: 'call', name: nested } })}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

/** What one sees of the text, and that somebody else's is not read unseen. */
function ContentNote({ detail }: { detail: CallDetail }): React.JSX.Element | null {
  const { trans, store } = useAdmin();
  const isOwn = store.me.value?.user === detail.summary.user;
  const words = {
    none: trans.__('Policy keeps no text of this call, or keeps it no longer.'),
    redacted: trans.__(
      'The text is in the gateway’s database, encrypted, as it was sent: personal data was taken out before.'
    ),
    full: trans.__('The text is in the gateway’s database, encrypted, in full.'),
    withheld: trans.__('The text is for its caller and for auditors only.'),
    erased: trans.__('The text was erased; that it was there is still on record.')
  }[detail.content];
  if (detail.content === 'none' && detail.request !== null) {
    return null;
  }
  const whose = isOwn
    ? trans.__('It is yours.')
    : trans.__('It is %1’s, not yours.', detail.summary.user);
  return (
    <div className="jp-mesh-Notice">
      {words} {detail.content !== 'none' && whose}
    </div>
  );
}
