import React, { useEffect, useRef, useState } from 'react';

import { type Key, type NewKey } from '../../api/admin-types';
import { useAdmin } from '../context';

/** A secret that was just made: shown this once, held nowhere else, gone with this page. */
export function NewSecret(props: {
  made: NewKey;
  /** The key that it takes the place of. */
  renewed: Key | null;
  onDone: () => void;
}): React.JSX.Element {
  const { trans, place, store } = useAdmin();
  const { made, renewed, onDone } = props;
  const address = store.api.clientAddress();
  const [said, setSaid] = useState('');
  const isKept = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.select();
    return place.hold(() => !isKept.current);
  }, [place]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(made.secret);
      setSaid(trans.__('Copied.'));
    } catch {
      field.current?.select();
      setSaid(trans.__('It cannot be copied from here: it is selected; press Ctrl+C.'));
    }
  };
  return (
    <div className="jp-mesh-Form">
      <header className="jp-mesh-Page-head">
        <h1 tabIndex={-1}>{trans.__('The key %1 is made', made.key.name)}</h1>
      </header>
      <div className="jp-mesh-Notice jp-mod-warn">
        {trans.__(
          'Copy it now. It is shown this once and kept nowhere: whoever loses it makes another.'
        )}
      </div>
      <div className="jp-mesh-Inline">
        <input
          ref={field}
          type="text"
          readOnly
          className="jp-mesh-NewSecret"
          aria-label={trans.__('The secret of the key')}
          value={made.secret}
          onFocus={event => event.target.select()}
        />
        <button type="button" className="jp-mesh-Button jp-mod-primary" onClick={() => void copy()}>
          {trans.__('Copy')}
        </button>
      </div>
      <p role="status" className="jp-mesh-dim">
        {said}
      </p>
      {renewed !== null && (
        <p>
          {trans.__(
            'Put it where “%1” is used now. When nothing uses that one any more (Usage by key shows it), revoke it.',
            renewed.name
          )}
        </p>
      )}
      <p>
        {trans.__('Clients of OpenAI’s protocol take it as their API key, and as base URL:')}{' '}
        <code>{address}</code>
      </p>
      <p>{trans.__('To try it, in a shell where MESH_KEY is the key:')}</p>
      <p>
        <code>{`curl ${address}/models -H "Authorization: Bearer $MESH_KEY"`}</code>
      </p>
      <button
        type="button"
        className="jp-mesh-Button"
        onClick={() => {
          isKept.current = true;
          onDone();
        }}
      >
        {trans.__('I have it')}
      </button>
    </div>
  );
}
