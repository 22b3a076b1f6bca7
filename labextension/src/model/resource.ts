import { type ISignal, Signal } from '@lumino/signaling';

import { asMeshError, type MeshRequestError } from '../api/errors';

/**
 * Where something the gateway knows stands in the browser.
 *
 * A refresh that fails does not take away what was there: `ready` then carries the error beside the older value.
 */
export type State<T> =
  | { kind: 'loading' }
  | { kind: 'ready'; value: T; at: Date; error: MeshRequestError | null }
  | { kind: 'failed'; error: MeshRequestError };

/** One answer of the gateway, kept up to date on demand. */
export class Resource<T> {
  constructor(private readonly fetch: () => Promise<T>) {}

  /** Emitted whenever `state` is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): State<T> {
    return this._state;
  }

  /** The value, also an older one; null where there is none. */
  get value(): T | null {
    return this._state.kind === 'ready' ? this._state.value : null;
  }

  /** The error of the last attempt, or null. */
  get error(): MeshRequestError | null {
    return this._state.kind === 'loading' ? null : this._state.error;
  }

  /** Ask again. Never rejects: the outcome is in `state`. A question already under way is not asked twice. */
  refresh(): Promise<void> {
    this._pending ??= this.ask(this._generation);
    return this._pending;
  }

  /** Ask again although a question is under way: its answer would be out of date, and is thrown away. */
  renew(): Promise<void> {
    this.forget();
    return this.refresh();
  }

  /** Put in a value that came with another answer. */
  put(value: T): void {
    this.forget();
    this.become({ kind: 'ready', value, at: new Date(), error: null });
  }

  /** Back to `loading`; an answer still on its way is thrown away. */
  reset(): void {
    this.forget();
    this.become({ kind: 'loading' });
  }

  private forget(): void {
    this._generation += 1;
    this._pending = null;
  }

  private async ask(generation: number): Promise<void> {
    let next: State<T>;
    try {
      next = { kind: 'ready', value: await this.fetch(), at: new Date(), error: null };
    } catch (error) {
      next = this.afterFailure(asMeshError(error));
    }
    if (generation === this._generation) {
      this._pending = null;
      this.become(next);
    }
  }

  private afterFailure(error: MeshRequestError): State<T> {
    // What one may no longer see must not stay on the screen.
    if (this._state.kind === 'ready' && error.trouble !== 'forbidden') {
      return { ...this._state, error };
    }
    return { kind: 'failed', error };
  }

  private become(state: State<T>): void {
    this._state = state;
    this._changed.emit();
  }

  private _state: State<T> = { kind: 'loading' };
  private _pending: Promise<void> | null = null;
  private _generation = 0;
  private readonly _changed = new Signal<this, void>(this);
}
