import { type ISignal, Signal } from '@lumino/signaling';

import { type Alert } from '../../api/admin-types';
import { asMeshError, type MeshRequestError } from '../../api/errors';
import { type IRecordApi } from '../../api/record-client';

const PAGE = 50;

export const STATES = ['open', 'acknowledged', 'resolved', 'all'] as const;
export type ListedState = (typeof STATES)[number];

/** Alerts in one state, one page after another. */
export class AlertList {
  constructor(
    private readonly api: Pick<IRecordApi, 'alerts' | 'acknowledge'>,
    readonly listed: ListedState
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }
  get alerts(): readonly Alert[] {
    return this._alerts;
  }
  get hasMore(): boolean {
    return this._next !== null;
  }
  get isLoading(): boolean {
    return this._isLoading;
  }
  get error(): MeshRequestError | null {
    return this._error;
  }

  /** The newest ones, or those below. */
  async more(): Promise<void> {
    this._isLoading = true;
    this._error = null;
    this._changed.emit();
    try {
      const { listed: state, _next: before } = this;
      const page = await this.api.alerts({ state, before, limit: PAGE });
      this._alerts = [...this._alerts, ...page.alerts];
      this._next = page.next;
    } catch (reason) {
      this._error = asMeshError(reason);
    }
    this._isLoading = false;
    this._changed.emit();
  }

  /** Say that one looks after it. Rejects with `MeshRequestError`. */
  async acknowledge(id: string): Promise<void> {
    const now = await this.api.acknowledge(id);
    this._alerts = this._alerts.map(alert => (alert.id === id ? now : alert));
    this._changed.emit();
  }

  private _alerts: readonly Alert[] = [];
  private _next: string | null = null;
  private _isLoading = false;
  private _error: MeshRequestError | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
