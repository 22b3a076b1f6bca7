import { useState } from 'react';

import { type Body, type ConnectionTest } from '../../api/admin-types';
import { asMeshError, type MeshRequestError } from '../../api/errors';
import { useAdmin } from '../context';

/** How trying a connection stands. */
export type Trial =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'done'; test: ConnectionTest }
  | { kind: 'failed'; error: MeshRequestError };

export interface ITrial {
  trial: Trial;
  /** Try what is written, or, without it, what is saved. */
  run: (
    name: string,
    written?: { connection: Body; secrets: Record<string, string> }
  ) => Promise<void>;
}

export function useTrial(): ITrial {
  const { store } = useAdmin();
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const run: ITrial['run'] = async (name, written) => {
    setTrial({ kind: 'running' });
    try {
      setTrial({ kind: 'done', test: await store.api.test(name, written) });
    } catch (reason) {
      setTrial({ kind: 'failed', error: asMeshError(reason) });
    }
  };
  return { trial, run };
}
