import { type TranslationBundle } from '@jupyterlab/translation';
import React, { createContext, useContext } from 'react';

import { type Me } from '../api/types';
import { Words } from '../ui/words';
import { ADMIN_PAGES, type ISpot, OWN_PAGES, type Page, PAGES, type Place } from './place';
import { type AdminStore } from './store';

/** All that the admin's pages need: nothing of JupyterLab's application is in it. */
export interface IAdmin {
  store: AdminStore;
  place: Place;
  trans: TranslationBundle;
  /** Pages that are here for whoever has these scopes, in their order. */
  pagesFor: (scopes: readonly string[]) => readonly Page[];
  /** The address that leads to a spot, where there are such addresses. */
  linkTo?: (spot: ISpot) => string;
  /** Where the pages are instead, for somebody who has none here: on a JupyterHub, at its mesh. */
  elsewhere?: (me: Me, spot: ISpot) => string | null;
}

/** JupyterLab has the pages for admins only: its sidebar is for everybody. */
export function pagesInLab(scopes: readonly string[]): readonly Page[] {
  return scopes.includes('admin') ? ADMIN_PAGES : [];
}

/** The gateway's own site has something for everybody. */
export function pagesOnSite(scopes: readonly string[]): readonly Page[] {
  return scopes.includes('admin') ? PAGES : OWN_PAGES;
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
