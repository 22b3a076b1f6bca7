import { type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';

import { type Revision } from '../api/types';

/** The gateway holds a question until there is news; between two of them at least so long. Milliseconds. */
const PAUSE = 1000;
/** Between attempts while it does not answer. */
const LONGEST_PAUSE = 30_000;
/** Within this time everybody's views ask for what has changed, not all at once. */
const SPREAD = 500;

/**
 * Tells when something else is configured at the gateway, or its user may do something else: within a second or so.
 * Nothing is asked while the page is hidden; what happened meanwhile is told when it is shown again.
 */
export class PolicyFollower implements IDisposable {
  /**
   * @param ask Answers with the revision in force, once it is another than `after`; rejects when `signal` says so.
   * @param onChange Something is different from when it was last called, or from the start.
   */
  constructor(
    private readonly ask: (after: string | null, signal: AbortSignal) => Promise<Revision>,
    private readonly onChange: () => void
  ) {
    document.addEventListener('visibilitychange', this.look);
  }

  start(): void {
    this._isWanted = true;
    this._isBehind ||= document.hidden && this._known === null;
    this.look();
  }

  stop(): void {
    this._isWanted = false;
    this.look();
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      document.removeEventListener('visibilitychange', this.look);
      this._leave.abort();
      this._poll.dispose();
    }
  }

  private readonly look = (): void => {
    if (this._isWanted && !document.hidden) {
      void this._poll.start();
    } else {
      void this._poll.stop();
      this._leave.abort();
    }
  };

  /** One question, which the gateway may hold for a while; rejects where it does not answer. */
  private async follow(): Promise<void> {
    const { signal } = (this._leave = new AbortController());
    try {
      const { revision } = await this.ask(this._known, signal);
      const isAnother = this._known === null ? this._isBehind : this._known !== revision;
      this._known = revision;
      if (isAnother) {
        await new Promise(resolve => setTimeout(resolve, Math.random() * SPREAD));
        this.onChange();
      }
    } catch (error) {
      this._isBehind = true;
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  private _isWanted = false;
  /** What is shown may be older than the first revision that is told. */
  private _isBehind = false;
  private _known: string | null = null;
  private _leave = new AbortController();
  private readonly _poll = new Poll({
    auto: false,
    name: 'jupyter-mesh:follow',
    factory: () => this.follow(),
    frequency: { backoff: true, interval: PAUSE, max: LONGEST_PAUSE },
    standby: 'never'
  });
}
