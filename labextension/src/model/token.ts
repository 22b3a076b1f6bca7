import { Token } from '@lumino/coreutils';
import { type IDisposable } from '@lumino/disposable';
import { type ISignal } from '@lumino/signaling';

import { type MeshClient } from '../api/client';
import { type CallPage, type CostSummary, type Me, type Models } from '../api/types';
import { type Resource } from './resource';

/** What the front end knows of the gateway. Nothing is asked before `start`. */
export interface IMeshModel {
  readonly client: MeshClient;
  readonly me: Resource<Me>;
  readonly catalogue: Resource<Models>;
  /** Costs of `document`, of today and of the month. */
  readonly costs: Resource<CostSummary>;
  /** The newest calls: of `document` when `onlyDocument` is set. */
  readonly calls: Resource<CallPage>;

  /** Emitted when an admin has changed what is configured, or others what one may do. */
  readonly policyChanged: ISignal<IMeshModel, void>;

  /** Path of the notebook whose cost and calls are shown; null when there is none. */
  document: string | null;
  /** Whether `calls` is narrowed to `document`. */
  readonly onlyDocument: boolean;
  /** The model used where neither notebook nor cell names one. */
  readonly defaultModel: string | null;

  /** Ask for everything and keep asking now and then; further calls do nothing. */
  start(): void;
  /** Ask for everything now. */
  refresh(): Promise<void>;
  /** Narrow `calls` to `document`, or show those of all documents. */
  showOnlyDocument(only: boolean): void;
  /** A call has ended: costs and calls have changed. */
  callFinished(): void;
  /** Somebody looks at models and calls as well as at costs, until disposed. */
  watch(): IDisposable;
  /** Connect what the mesh has found. Rejects with `MeshRequestError`. */
  acceptOffer(id: string): Promise<void>;
  /** Use this model where nothing else is chosen; null leaves it to the mesh. Rejects with `MeshRequestError`. */
  setDefaultModel(id: string | null): Promise<void>;
}

export const IMeshModel = new Token<IMeshModel>(
  'jupyter-mesh:IMeshModel',
  'Models, costs and calls as the LLM gateway tells them.'
);
