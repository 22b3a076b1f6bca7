import React from 'react';

import { useAdmin } from '../context';
import { clientLines } from './client-lines';

/** How any OpenAI client asks this mesh with a key. */
export function ClientHelp(): React.JSX.Element {
  const { trans, store } = useAdmin();
  const address = store.api.clientAddress();
  const model = store.models.value?.default_model ?? store.models.value?.models[0]?.id;
  return (
    <section className="jp-mesh-ClientHelp" aria-labelledby="jp-mesh-ClientHelp">
      <h2 id="jp-mesh-ClientHelp">{trans.__('Use it from any OpenAI client')}</h2>
      <p>{trans.__('The address is %1, and the key goes where theirs does.', address)}</p>
      <pre>
        <code>{clientLines(address, model ?? trans.__('NAME-OF-A-MODEL'))}</code>
      </pre>
    </section>
  );
}
