import React, { useState } from 'react';

import { asMeshError } from '../api/errors';
import { useWords } from '../ui/words';
import { type SiteSession } from './session';

/** Asks for a key of the mesh. It goes to the gateway once and is kept nowhere in the browser. */
export function KeyForm({ session }: { session: SiteSession }): React.JSX.Element {
  const trans = useWords();
  const [key, setKey] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const signIn = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      await session.signIn(key.trim());
    } catch (reason) {
      const error = asMeshError(reason);
      setFailure(
        error.trouble === 'offline' ? trans.__('The gateway does not answer.') : error.message
      );
      setBusy(false);
    }
    setKey('');
  };
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void signIn();
      }}
    >
      <label htmlFor="mesh-key">{trans.__('Your key of this mesh')}</label>
      <input
        id="mesh-key"
        type="password"
        value={key}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        required
        aria-describedby="mesh-key-about"
        aria-invalid={failure !== '' || undefined}
        onChange={event => setKey(event.target.value)}
      />
      {failure && (
        <p className="jp-mesh-Form-error" role="alert">
          {failure}
        </p>
      )}
      <button type="submit" className="jp-mesh-Button jp-mod-primary" disabled={isBusy}>
        {isBusy ? trans.__('Signing in…') : trans.__('Sign in')}
      </button>
      <p id="mesh-key-about" className="jp-mesh-dim">
        {trans.__(
          'It begins with “mesh-”. It is sent once and not kept in this browser; you stay signed in for half an hour after you last used the pages. Who has no key asks an admin, who makes one under “API keys” or with “jupyter mesh keys create”.'
        )}
      </p>
    </form>
  );
}

/** The whole page of somebody who is not signed in. */
export function SignIn({ session }: { session: SiteSession }): React.JSX.Element {
  const trans = useWords();
  return (
    <main className="jp-mesh-SignIn">
      <h1>{trans.__('Jupyter Mesh')}</h1>
      {session.hub === null ? <KeyForm session={session} /> : <HubDoor hub={session.hub} />}
    </main>
  );
}

/** On a hub: the way to its login, and out of it. */
function HubDoor({ hub }: { hub: string }): React.JSX.Element {
  const trans = useWords();
  return (
    <>
      <button
        type="button"
        className="jp-mesh-Button jp-mod-primary"
        onClick={() => window.location.reload()}
      >
        {trans.__('Sign in with JupyterHub')}
      </button>
      <p className="jp-mesh-dim">
        {trans.__('You may still be logged in at JupyterHub.')}{' '}
        <a className="jp-mesh-Link" href={`${hub}logout`}>
          {trans.__('Log out there')}
        </a>
      </p>
    </>
  );
}
