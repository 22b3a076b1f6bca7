import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect } from 'react';

import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { type IReference, type IReferrers } from '../references';

/** Everything that may name something else; null until all of it has come. */
export function useReferrers(): IReferrers | null {
  const { store } = useAdmin();
  const all = [
    useResource(store.settings('aliases')),
    useResource(store.settings('groups')),
    useResource(store.settings('budgets')),
    useResource(store.settings('limits'))
  ].map(state => (state.kind === 'ready' ? state.value : null));
  const keys = useResource(store.keys);
  useEffect(() => {
    const kinds = ['aliases', 'groups', 'budgets', 'limits'] as const;
    void Promise.all(
      [...kinds.map(kind => store.settings(kind)), store.keys].map(r => r.refresh())
    );
  }, [store]);
  const [aliases, groups, budgets, limits] = all;
  return aliases && groups && budgets && limits && keys.kind === 'ready'
    ? { aliases, groups, budgets, limits, keys: keys.value }
    : null;
}

/** What else names it. */
export function ReferencesList(props: {
  references: readonly IReference[];
}): React.JSX.Element | null {
  const { trans } = useAdmin();
  return (
    <ul>
      {props.references.map(({ kind, name }) => (
        <li key={`${kind} ${name}`}>
          {kindName(kind, trans)} <bdi>{name}</bdi>
        </li>
      ))}
    </ul>
  );
}

function kindName(kind: IReference['kind'], trans: TranslationBundle): string {
  return {
    alias: trans.__('alias'),
    group: trans.__('group'),
    budget: trans.__('budget'),
    limit: trans.__('limit'),
    key: trans.__('API key')
  }[kind];
}
