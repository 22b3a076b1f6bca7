/** What an answer on screen can ask of the notebook and of JupyterLab around it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type CodeColours } from './markdown/highlight-codes';
import { type Formulas } from './markdown/typeset-formulas';

/** Kinds of cells; `raw` is shown as it is and never rendered. */
export type CellKind = 'code' | 'markdown' | 'raw';

export interface IAnswerHost {
  readonly trans: TranslationBundle;
  /** Null where JupyterLab has no such part. */
  readonly formulas: Formulas | null;
  readonly colours: CodeColours | null;

  copy(text: string): Promise<void>;
  /** Whether there is a notebook to insert into. */
  readonly canInsert: boolean;
  /** Put a new cell below the answer's; it is not run. */
  insertBelow(kind: CellKind, source: string): void;
  /** Why the answer cannot be asked for again with another model, or null when it can. */
  regenerateRefusal(): string | null;
  /** Let the user choose a model in a menu at `anchor`, then run the cell with it. */
  regenerate(anchor: Element): void;
  /** Whether something can show how the gateway handled the call. */
  readonly canShowDetails: boolean;
  showDetails(requestId: string): void;
  /** False once nothing can finish an answer that is still being written: its cell no longer runs. */
  isWriting(): boolean;
  /** Whether the gateway reaches this model without leaving the machine. */
  isLocal(model: string): boolean;
}
