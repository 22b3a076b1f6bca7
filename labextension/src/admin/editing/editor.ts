import { type ISignal, Signal } from '@lumino/signaling';

import { type Body, type ISettingUpdate, type Kind, type Setting } from '../../api/admin-types';
import { asMeshError, type MeshRequestError } from '../../api/errors';
import { rebase } from './rebase';

/** How a form reads a body and writes it again. */
export interface IForm<S> {
  read(body: Body): S;
  write(state: S): Body;
  /** Keys that were typed, by the field they belong to. */
  secrets?(state: S): Record<string, string>;
  /** After another body was read: what was typed and is in no body, taken over from before. */
  keepTyped?(before: S, after: S): S;
}

/** Where an editor saves. */
export interface ISettingStore {
  put(kind: Kind, name: string, update: ISettingUpdate): Promise<Setting>;
  latest(kind: Kind, name: string): Promise<Setting | null>;
}

/** Somebody else was first. `theirs` is what is there now; null where it was removed. */
export interface IConflict {
  theirs: Setting | null;
}

/** One object while it is edited: what was typed is lost by no answer of the gateway. */
export class Editor<S> {
  constructor(
    private readonly store: ISettingStore,
    private readonly kind: Kind,
    private _origin: Setting | null,
    private readonly form: IForm<S>,
    start: Body = {}
  ) {
    this._state = form.read(_origin?.body ?? start);
    this._untouched = JSON.stringify(this._state);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What it was made from; null where it is new. */
  get origin(): Setting | null {
    return this._origin;
  }
  get state(): S {
    return this._state;
  }
  get isDirty(): boolean {
    return JSON.stringify(this._state) !== this._untouched;
  }
  get isSaving(): boolean {
    return this._isSaving;
  }
  get error(): MeshRequestError | null {
    return this._error;
  }
  get conflict(): IConflict | null {
    return this._conflict;
  }
  /** Fields that somebody else changed as well, after `loadAgain`. */
  get clashes(): readonly string[] {
    return this._clashes;
  }

  change(state: S): void {
    this._state = state;
    this._changed.emit();
  }

  /** Whether the last save failed, and may be made without a trial. */
  get wasTried(): boolean {
    return this._error?.code === 'invalid_request' && this._wasTried;
  }

  /**
   * Save under a name. Resolves to what was saved, or to null; then `error` or `conflict` says why.
   *
   * A connection with a new key is tried first, unless `untried`: a wrong key replaces no right one.
   */
  async save(name: string, { untried = false } = {}): Promise<Setting | null> {
    this.busy();
    const secrets = this.form.secrets?.(this._state) ?? {};
    this._wasTried = this.kind === 'connections' && !untried && Object.keys(secrets).length > 0;
    try {
      const saved = await this.store.put(this.kind, name, {
        body: this.form.write(this._state),
        version: this._origin?.version ?? null,
        secrets,
        ...(this._wasTried && { test: true })
      });
      this.start(saved);
      return saved;
    } catch (reason) {
      await this.explain(asMeshError(reason), name);
      return null;
    } finally {
      this._isSaving = false;
      this._changed.emit();
    }
  }

  /** Take over what the other has saved, and keep what was typed. */
  loadAgain(): void {
    const theirs = this._conflict?.theirs ?? null;
    const mine = this.form.write(this._state);
    const { body, clashes } =
      theirs === null
        ? { body: mine, clashes: [] }
        : rebase(this._origin?.body ?? {}, mine, theirs.body);
    const read = this.form.read(body);
    const state = this.form.keepTyped?.(this._state, read) ?? read;
    this._untouched = JSON.stringify(this.form.read(theirs?.body ?? {}));
    this._origin = theirs;
    this._conflict = null;
    this._clashes = clashes;
    this.change(state);
  }

  /** Give up what was typed, for what is there now. */
  discard(): void {
    if (this._conflict !== null) {
      this.start(this._conflict.theirs);
      this._changed.emit();
    }
  }

  private start(setting: Setting | null): void {
    this._origin = setting;
    this._state = this.form.read(setting?.body ?? {});
    this._untouched = JSON.stringify(this._state);
    this._conflict = null;
    this._error = null;
    this._clashes = [];
  }

  private busy(): void {
    this._isSaving = true;
    this._error = null;
    this._conflict = null;
    this._clashes = [];
    this._changed.emit();
  }

  private async explain(error: MeshRequestError, name: string): Promise<void> {
    if (error.code !== 'conflict') {
      this._error = error;
      return;
    }
    try {
      this._conflict = { theirs: await this.store.latest(this.kind, name) };
    } catch (reason) {
      this._error = asMeshError(reason);
    }
  }

  private _state: S;
  private _untouched: string;
  private _isSaving = false;
  private _wasTried = false;
  private _error: MeshRequestError | null = null;
  private _conflict: IConflict | null = null;
  private _clashes: readonly string[] = [];
  private readonly _changed = new Signal<this, void>(this);
}
