import { type NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import { type ISignal } from '@lumino/signaling';

import { type IChoice } from './choice';

/** The notebook a person works in, and what was chosen for it. */
export interface INotebookContext {
  /** The notebook, its path or its choice has become another. */
  readonly changed: ISignal<INotebookContext, void>;
  readonly panel: NotebookPanel | null;
  /** Path as the server knows it, null without a notebook. */
  readonly path: string | null;
  readonly choice: IChoice;
  /** Choose a model for the notebook, or the person's default where none is open; null leaves it to the mesh. */
  chooseModel(id: string | null): void;
  choosePurpose(purpose: string | null): void;
}

export const INotebookContext = new Token<INotebookContext>(
  'jupyter-mesh:INotebookContext',
  'The notebook at hand, with the model and the purpose chosen for it.'
);
