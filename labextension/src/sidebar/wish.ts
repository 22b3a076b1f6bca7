import { type ISignal, Signal } from '@lumino/signaling';

/** What a command wants the sidebar to do, which may not be on the screen yet. */
export type Wish = 'search' | 'purpose' | 'compare';

/** Holds the latest wish until the component concerned has taken it. */
export class Wishes {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  make(wish: Wish): void {
    this._wish = wish;
    this._changed.emit();
  }

  /** True once for each wish made. */
  take(wish: Wish): boolean {
    const isMade = this._wish === wish;
    if (isMade) {
      this._wish = null;
    }
    return isMade;
  }

  private _wish: Wish | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
