import { type TranslationBundle } from '@jupyterlab/translation';
import { type CommandRegistry } from '@lumino/commands';
import { Token } from '@lumino/coreutils';
import { type ISignal } from '@lumino/signaling';
import React, { createContext, useContext, useEffect, useReducer } from 'react';

import { type IMeshModel } from '../model/token';
import { type Resource, type State } from '../model/resource';
import { type INotebookContext } from '../notebook/token';
import { type IMeshSettings } from '../settings/token';
import { Words } from './words';

/** What every component of the mesh may use. */
export interface ISurroundings {
  model: IMeshModel;
  notebooks: INotebookContext;
  settings: IMeshSettings;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export const ISurroundings = new Token<ISurroundings>(
  'jupyter-mesh:ISurroundings',
  'What every component of the mesh may use.'
);

const Context = createContext<ISurroundings | null>(null);

export function Surroundings(props: {
  value: ISurroundings;
  children: React.ReactNode;
}): React.JSX.Element {
  return (
    <Context.Provider value={props.value}>
      <Words trans={props.value.trans}>{props.children}</Words>
    </Context.Provider>
  );
}

export function useSurroundings(): ISurroundings {
  const surroundings = useContext(Context);
  if (surroundings === null) {
    throw new Error('A component of the mesh stands outside <Surroundings>.');
  }
  return surroundings;
}

/** Render again whenever the signal is emitted. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (): void => renderAgain();
    signal.connect(slot);
    // What was emitted between the rendering and this effect was not heard.
    slot();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}

/** The state of a resource, rendered again whenever it changes. */
export function useResource<T>(resource: Resource<T>): State<T> {
  useSignal(resource.changed);
  return resource.state;
}
