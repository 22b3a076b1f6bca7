import { type TranslationBundle } from '@jupyterlab/translation';
import React, { createContext, useContext } from 'react';

import { Words } from '../ui/words';
import { type Place } from './place';
import { type AdminStore } from './store';

/** All that the admin's pages need: nothing of JupyterLab's application is in it. */
export interface IAdmin {
  store: AdminStore;
  place: Place;
  trans: TranslationBundle;
}

const Context = createContext<IAdmin | null>(null);

export function AdminContext(props: {
  value: IAdmin;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <Context.Provider value={props.value}>
      <Words trans={props.value.trans}>{props.children}</Words>
    </Context.Provider>
  );
}

export function useAdmin(): IAdmin {
  const admin = useContext(Context);
  if (admin === null) {
    throw new Error('A page of the admin stands outside <AdminContext>.');
  }
  return admin;
}
