import { type ISignal, Signal } from '@lumino/signaling';

import { asMeshError, type MeshRequestError } from '../../api/errors';
import { type IRecordApi } from '../../api/record-client';
import { type Query } from '../../api/transport';
import { type CallSummary } from '../../api/types';

/** Calls of one request: a screen or two. */
const PAGE = 100;

export interface ICallListState {
  calls: readonly CallSummary[];
  /** Where the next page begins; null on the last. */
  next: string | null;
  /** How far back was looked, where a search finds little. */
  searchedTo: string | null;
  isLoading: boolean;
  error: MeshRequestError | null;
}

const START: ICallListState = {
  calls: [],
  next: null,
  searchedTo: null,
  isLoading: false,
  error: null
};

/** Calls that match a search, one page after another; the gateway is asked for no page twice. */
export class CallList {
  constructor(
    private readonly api: Pick<IRecordApi, 'calls'>,
    private readonly search: Query
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }
  get state(): ICallListState {
    return this._state;
  }

  /** The first page, or the next one; nothing while one is on its way or there is no more. */
  async more(): Promise<void> {
    const before = this._state;
    if (before.isLoading || (this._hasBegun && before.next === null && before.error === null)) {
      return;
    }
    this._hasBegun = true;
    this.become({ ...before, isLoading: true, error: null });
    try {
      const page = await this.api.calls(this.search, before.next, PAGE);
      this.become({
        calls: [...before.calls, ...page.calls],
        next: page.next,
        searchedTo: page.searched_to,
        isLoading: false,
        error: null
      });
    } catch (reason) {
      this.become({ ...before, isLoading: false, error: asMeshError(reason) });
    }
  }

  private become(state: ICallListState): void {
    this._state = state;
    this._changed.emit();
  }

  private _state = START;
  private _hasBegun = false;
  private readonly _changed = new Signal<this, void>(this);
}
