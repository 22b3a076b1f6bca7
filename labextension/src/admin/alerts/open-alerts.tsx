import React, { useEffect } from 'react';

import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';

const EVERY_MS = 60_000;

/** How many alerts nobody looks after yet, asked anew while it is shown; nothing where there are none. */
export function OpenAlerts(): React.JSX.Element | null {
  const { trans, store } = useAdmin();
  const summary = useResource(store.alertSummary);
  const me = useResource(store.me);
  const mayAsk = me.kind === 'ready' && me.value.scopes.includes('audit');
  useEffect(() => {
    if (!mayAsk) {
      return undefined;
    }
    const ask = (): void => void store.alertSummary.refresh();
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => clearInterval(timer);
  }, [store, mayAsk]);
  if (summary.kind !== 'ready') {
    return null;
  }
  const { critical, warning } = summary.value;
  const count = critical + warning;
  const words = [
    critical > 0 && trans._n('%1 critical alert is open', '%1 critical alerts are open', critical),
    warning > 0 && trans._n('%1 warning is open', '%1 warnings are open', warning)
  ]
    .filter(Boolean)
    .join(', ');
  return count === 0 ? null : (
    <>
      {' '}
      <span
        className={`jp-mesh-Count ${critical > 0 ? 'jp-mod-bad' : 'jp-mod-warn'}`}
        title={words}
        aria-label={words}
      >
        {count}
      </span>
    </>
  );
}
