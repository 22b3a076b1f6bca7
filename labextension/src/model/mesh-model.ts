import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Debouncer, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type MeshClient } from '../api/client';
import { PolicyFollower } from './policy-follower';
import { Resource } from './resource';
import { type IMeshModel } from './token';

/** Calls on one page of the list. */
const PAGE = 20;
/** Bursts of finished calls (a `map` over a frame) are one refresh. Milliseconds. */
const BURST = 250;
/** The longest pause between attempts while the gateway does not answer. Milliseconds. */
const LONGEST_PAUSE = 5 * 60 * 1000;

/**
 * See `IMeshModel`. Costs are polled always, models and calls while somebody watches; nothing while hidden. What an
 * admin changes is followed at once.
 */
export class MeshModel implements IMeshModel, IDisposable {
  constructor(readonly client: MeshClient) {}

  readonly me = new Resource(() => this.client.me());
  readonly catalogue = new Resource(() => this.client.models());
  readonly costs = new Resource(() => this.client.costs(this._document));
  readonly calls = new Resource(() =>
    this.client.calls({ document: this.onlyDocument ? this._document : null, limit: PAGE })
  );

  get policyChanged(): ISignal<this, void> {
    return this._policyChanged;
  }

  get document(): string | null {
    return this._document;
  }
  set document(path: string | null) {
    if (path !== this._document) {
      this._document = path;
      this.costs.reset();
      if (this._onlyDocument) {
        this.calls.reset();
      }
      this.callFinished();
    }
  }

  get onlyDocument(): boolean {
    return this._onlyDocument;
  }
  showOnlyDocument(only: boolean): void {
    if (only !== this._onlyDocument) {
      this._onlyDocument = only;
      this.calls.reset();
      this.callFinished();
    }
  }

  get defaultModel(): string | null {
    return this.me.value?.default_model ?? this.catalogue.value?.default_model ?? null;
  }

  /** How often to ask. Seconds. */
  set interval(seconds: number) {
    const interval = seconds * 1000;
    const max = Math.max(interval, LONGEST_PAUSE);
    this._poll.frequency = { backoff: true, interval, max };
  }

  start(): void {
    if (!this._started) {
      this._started = true;
      void this._poll.start();
      this._follower.start();
    }
  }

  async refresh(): Promise<void> {
    this._started = true;
    await Promise.all([this.me, this.catalogue, this.costs, this.calls].map(r => r.refresh()));
  }

  callFinished(): void {
    if (this._started) {
      void this._burst.invoke();
    }
  }

  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1 && this._started) {
      void Promise.all([this.catalogue.refresh(), this.calls.refresh()]);
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  async acceptOffer(id: string): Promise<void> {
    this.catalogue.put(await this.client.acceptOffer(id));
    // A real model is preferred to the demo: the caller's default may be another one now.
    await this.me.refresh();
  }

  async setDefaultModel(id: string | null): Promise<void> {
    this.me.put(await this.client.setPreference({ default_model: id }));
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    this._follower.dispose();
    this._burst.dispose();
  }

  /** One round of the poll; rejects while the gateway does not answer, so that the poll backs off. */
  private async tick(): Promise<void> {
    const missing = [this.me, this.catalogue, this.calls].filter(
      ({ state, error }) => state.kind !== 'ready' || error !== null
    );
    const watched = this._watchers > 0 ? [this.catalogue, this.calls] : [];
    await Promise.all([...new Set([this.costs, ...missing, ...watched])].map(r => r.refresh()));
    if (this.costs.error !== null) {
      throw this.costs.error;
    }
  }

  private async renewSpend(): Promise<void> {
    await Promise.all([this.costs.renew(), this.calls.renew()]);
  }

  /** What was asked for before the change is thrown away: it may say how it was. */
  private followPolicy(): void {
    void Promise.all([this.me, this.catalogue, this.costs].map(r => r.renew()));
    this._policyChanged.emit();
  }

  private _document: string | null = null;
  private _onlyDocument = false;
  private _started = false;
  private _watchers = 0;
  private readonly _policyChanged = new Signal<this, void>(this);
  private readonly _follower = new PolicyFollower(
    (after, signal) => this.client.revision(after, signal),
    () => this.followPolicy()
  );
  private readonly _burst = new Debouncer(() => this.renewSpend(), BURST);
  private readonly _poll = new Poll({
    auto: false,
    name: 'jupyter-mesh:poll',
    factory: () => this.tick(),
    frequency: { backoff: true, interval: 30_000, max: LONGEST_PAUSE },
    standby: 'when-hidden'
  });
}
