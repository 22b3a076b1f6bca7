import { Token } from '@lumino/coreutils';
import { type ISignal } from '@lumino/signaling';

/** What a person has chosen for this front end; the mesh's own policy is the gateway's. */
export interface IMeshSettings {
  readonly changed: ISignal<IMeshSettings, void>;
  readonly refreshSeconds: number;
  readonly proseColours: boolean;
  readonly errorButtons: boolean;
  readonly statusItem: boolean;
  /** Model ids, in the order in which they were starred. */
  readonly favourites: readonly string[];
  /** Model ids, last used first. */
  readonly recent: readonly string[];
  toggleFavourite(id: string): void;
  /** Remember that a model was chosen. */
  markUsed(id: string): void;
}

export const IMeshSettings = new Token<IMeshSettings>(
  'jupyter-mesh:IMeshSettings',
  'Settings, favourite and recently used models.'
);
