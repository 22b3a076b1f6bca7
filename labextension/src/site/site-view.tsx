import React, { useEffect, useMemo, useState } from 'react';

import { AdminView } from '../admin/admin-view';
import { pagesOnSite } from '../admin/context';
import { hashOf, type ISpot, Place } from '../admin/place';
import { renewal } from '../admin/renewal';
import { AdminStore } from '../admin/store';
import { AdminClient } from '../api/admin-client';
import { Transport } from '../api/transport';
import { PolicyFollower } from '../model/policy-follower';
import { SkeletonLines } from '../ui/placeholder';
import { useSignal } from '../ui/surroundings';
import { Trouble } from '../ui/trouble';
import { useWords, Words } from '../ui/words';
import { followAddress, spotOfHash } from './address';
import { type SiteSession } from './session';
import { SignIn } from './sign-in';
import { SignInAgain } from './sign-in-again';
import { storedTheme, type Theme, THEMES, showTheme } from './theme';
import { PLAIN_WORDS } from './words';

/** The gateway's own site: signing in, then the pages. */
export function SiteView({ session }: { session: SiteSession }): React.JSX.Element {
  return (
    <Words trans={PLAIN_WORDS}>
      <div className="jp-mesh-Site">
        <SiteBar session={session} />
        <Content session={session} />
      </div>
    </Words>
  );
}

function Content({ session }: { session: SiteSession }): React.JSX.Element {
  const trans = useWords();
  useSignal(session.changed);
  const { state } = session;
  switch (state.kind) {
    case 'unknown':
      return <SkeletonLines lines={6} label={trans.__('Loading')} />;
    case 'failed':
      return (
        <Trouble
          error={state.error}
          onRetry={() => void session.resume()}
          trans={trans}
          admin={null}
        />
      );
    case 'out':
      return state.ended === null ? (
        <SignIn session={session} />
      ) : (
        <>
          <Pages key={state.ended} session={session} />
          <SignInAgain session={session} isReplaced={state.isReplaced === true} />
        </>
      );
    case 'in':
      return (
        <>
          <Pages key={state.user} session={session} />
        </>
      );
  }
}

/** The pages of whoever is signed in; another person gets pages of their own. */
function Pages({ session }: { session: SiteSession }): React.JSX.Element {
  const admin = useMemo(() => {
    const place = new Place(spotOfHash(location.hash) ?? { page: 'catalogue' });
    followAddress(place);
    return {
      store: new AdminStore(new AdminClient(new Transport(session.wire))),
      place,
      trans: PLAIN_WORDS,
      pagesFor: pagesOnSite,
      linkTo: (spot: ISpot) => new URL(hashOf(spot), window.location.href).href
    };
  }, [session]);
  useEffect(() => {
    const { api } = admin.store;
    const follower = new PolicyFollower((...asked) => api.revision(...asked), renewal(admin));
    const follow = (): void => (session.state.kind === 'in' ? follower.start() : follower.stop());
    const goOn = (): void => {
      follow();
      if (session.state.kind === 'in') {
        admin.store.retry();
      }
    };
    follow();
    session.changed.connect(goOn);
    return () => {
      session.changed.disconnect(goOn);
      follower.dispose();
    };
  }, [session, admin]);
  return <AdminView admin={admin} />;
}

function SiteBar({ session }: { session: SiteSession }): React.JSX.Element {
  const trans = useWords();
  useSignal(session.changed);
  const { state } = session;
  return (
    <header className="jp-mesh-SiteBar">
      <strong>{trans.__('Jupyter Mesh')}</strong>
      <ThemeChoice />
      {state.kind === 'in' && (
        <>
          <span className="jp-mesh-SiteBar-user">
            <bdi>{state.user}</bdi>
          </span>
          <button
            type="button"
            className="jp-mesh-Button"
            onClick={() => void session.signOut().catch(() => session.resume())}
          >
            {trans.__('Sign out')}
          </button>
        </>
      )}
    </header>
  );
}

function ThemeChoice(): React.JSX.Element {
  const trans = useWords();
  const [theme, setTheme] = useState(storedTheme());
  const names: Record<Theme, string> = {
    system: trans.__('as the system'),
    light: trans.__('light'),
    dark: trans.__('dark')
  };
  return (
    <label className="jp-mesh-SiteBar-theme">
      {trans.__('Colours')}{' '}
      <select
        value={theme}
        onChange={event => {
          const chosen = THEMES.find(one => one === event.target.value) ?? 'system';
          showTheme(chosen);
          setTheme(chosen);
        }}
      >
        {THEMES.map(one => (
          <option key={one} value={one}>
            {names[one]}
          </option>
        ))}
      </select>
    </label>
  );
}
