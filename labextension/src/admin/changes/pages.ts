import { type ISignal, Signal } from '@lumino/signaling';

import { type IAdminApi } from '../../api/admin-client';
import { type Change } from '../../api/admin-types';
import { asMeshError, type MeshRequestError } from '../../api/errors';

/** Changes on one page. */
const PAGE = 50;

export interface IChangesState {
  changes: readonly Change[];
  /** Where the next page begins; null on the last. */
  next: number | null;
  isLoading: boolean;
  error: MeshRequestError | null;
}

const NOTHING: IChangesState = { changes: [], next: null, isLoading: false, error: null };

/** The list of changes, one page after another. */
export class ChangePages {
  constructor(private readonly api: Pick<IAdminApi, 'changes'>) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }
  get state(): IChangesState {
    return this._state;
  }
  /** The section that is shown; null shows all. */
  get kind(): Change['kind'] | null {
    return this._kind;
  }

  /** The newest changes of a section, or of all. */
  show(kind: Change['kind'] | null): Promise<void> {
    this._kind = kind;
    this._state = NOTHING;
    return this.more();
  }

  /** The next page below those that are shown. */
  async more(): Promise<void> {
    const generation = ++this._generation;
    const { changes, next } = this._state;
    this.become({ changes, next, isLoading: true, error: null });
    let after: IChangesState;
    try {
      const page = await this.api.changes({ kind: this._kind, before: next, limit: PAGE });
      after = { ...NOTHING, changes: [...changes, ...page.changes], next: page.next };
    } catch (reason) {
      after = { ...NOTHING, changes, next, error: asMeshError(reason) };
    }
    // Another section was chosen in between: this answer is none to what is shown now.
    if (generation === this._generation) {
      this.become(after);
    }
  }

  private become(state: IChangesState): void {
    this._state = state;
    this._changed.emit();
  }

  private _kind: Change['kind'] | null = null;
  private _state: IChangesState = NOTHING;
  private _generation = 0;
  private readonly _changed = new Signal<this, void>(this);
}
