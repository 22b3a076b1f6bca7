import React, { useEffect } from 'react';

import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { Section } from '../ui/page';
import { clientLines } from './client-lines';

/** How any OpenAI client asks this mesh with a key. */
export function ClientHelp(): React.JSX.Element {
  const { trans, store } = useAdmin();
  useResource(store.models);
  useEffect(() => {
    void store.models.refresh();
  }, [store]);
  const address = store.api.clientAddress();
  const model = store.models.value?.default_model ?? store.models.value?.models[0]?.id;
  return (
    <div className="jp-mesh-ClientHelp">
      <Section title={trans.__('Use it from any OpenAI client')}>
        <p>{trans.__('The address is %1, and the key goes where theirs does.', address)}</p>
        <div className="jp-mesh-Passage">
          <pre>
            <code>{clientLines(address, model ?? trans.__('NAME-OF-A-MODEL'))}</code>
          </pre>
        </div>
      </Section>
    </div>
  );
}
