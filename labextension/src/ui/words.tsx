import { type TranslationBundle } from '@jupyterlab/translation';
import React, { createContext, useContext } from 'react';

const Context = createContext<TranslationBundle | null>(null);

/** The words of whatever the components stand in: JupyterLab, or the gateway's own site. */
export function Words(props: {
  trans: TranslationBundle;
  children: React.ReactNode;
}): React.JSX.Element {
  return <Context.Provider value={props.trans}>{props.children}</Context.Provider>;
}

export function useWords(): TranslationBundle {
  const trans = useContext(Context);
  if (trans === null) {
    throw new Error('A component of the mesh stands outside <Words>.');
  }
  return trans;
}
