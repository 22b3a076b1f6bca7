import React, { useEffect, useState } from 'react';

import { Dialog } from '../admin/ui/dialog';
import { useWords } from '../ui/words';
import { type SiteSession } from './session';
import { KeyForm } from './sign-in';

/** Over pages whose session has ended: they go on, with what was typed there, once one is signed in again. */
export function SignInAgain(props: {
  session: SiteSession;
  isReplaced: boolean;
}): React.JSX.Element {
  const trans = useWords();
  const { session, isReplaced } = props;
  const [times, setTimes] = useState(0);
  return (
    <Dialog
      key={times} // it is closed by signing in, and by nothing else
      title={trans.__('Your session has ended.')}
      onClose={() => setTimes(times + 1)}
      buttons={session.hub === null ? null : <HubButtons isReplaced={isReplaced} />}
    >
      <div className="jp-mesh-SignIn jp-mod-again">
        <p role="status">
          {isReplaced
            ? trans.__(
                'This browser is signed in anew, and this page cannot go on with that. Open it anew; what is typed here and not saved is lost.'
              )
            : trans.__('Sign in again to go on; what you have typed here is kept.')}
        </p>
        {session.hub === null ? <KeyForm session={session} /> : <HubReturn session={session} />}
      </div>
    </Dialog>
  );
}

function HubButtons({ isReplaced }: { isReplaced: boolean }): React.JSX.Element {
  const trans = useWords();
  return isReplaced ? (
    <button
      type="button"
      className="jp-mesh-Button jp-mod-primary"
      autoFocus
      onClick={() => window.location.reload()}
    >
      {trans.__('Open this page anew')}
    </button>
  ) : (
    <a className="jp-mesh-Button jp-mod-primary" href="./" target="_blank" rel="noopener" autoFocus>
      {trans.__('Sign in with JupyterHub')}
    </a>
  );
}

/** The hub's login is in a tab of its own; whoever comes back from it is asked about. */
function HubReturn({ session }: { session: SiteSession }): React.JSX.Element {
  const trans = useWords();
  useEffect(() => {
    const ask = (): void => {
      if (document.visibilityState === 'visible') {
        void session.resume();
      }
    };
    window.addEventListener('focus', ask);
    document.addEventListener('visibilitychange', ask);
    return () => {
      window.removeEventListener('focus', ask);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [session]);
  return (
    <p className="jp-mesh-dim">
      {trans.__('JupyterHub opens in a new tab. Come back to this one when you are logged in.')}
    </p>
  );
}
