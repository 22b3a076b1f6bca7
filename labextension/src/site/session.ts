import { type ISignal, Signal } from '@lumino/signaling';

import { asMeshError, type MeshRequestError } from '../api/errors';
import { type IWire, Transport } from '../api/transport';

/** Who is signed in, as the gateway says it. */
interface ISignedIn {
  user: string;
  xsrf: string;
  ends_at: string;
}

/** Nobody is signed in, or no longer. */
interface IOut {
  kind: 'out';
  /** Whose session ended by itself: their pages stay, with what was typed into them. */
  ended: string | null;
  /** Somebody has signed in since, and this page was not told their token. */
  isReplaced?: boolean;
}

export type SessionState =
  | { kind: 'unknown' }
  | IOut
  | { kind: 'in'; user: string; endsAt: Date }
  | { kind: 'failed'; error: MeshRequestError };

/** Seconds between two times in which a page that is used says so. */
const KEEP = 5 * 60;

/**
 * A browser's session with the gateway. The key that was typed goes to the gateway once and is not kept: from then on
 * a cookie that scripts cannot read speaks for the browser, and with every change a token that only this page knows.
 */
export class SiteSession {
  /**
   * @param hub Where the pages of the JupyterHub are that signs people in; null where keys do.
   * @param xsrf What the gateway told this page when the browser opened it; empty where it tells later.
   */
  constructor(
    private readonly base: string,
    private readonly request: typeof fetch = (...args) => fetch(...args),
    readonly hub: string | null = null,
    xsrf = ''
  ) {
    this._xsrf = xsrf || 'none yet';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }
  get state(): SessionState {
    return this._state;
  }

  /** Requests of whoever is signed in. */
  readonly wire: IWire = {
    urlOf: path => new URL(`api/${path}`, this.base).href,
    send: async (url, init) => {
      const isChange = init.method !== undefined && init.method !== 'GET';
      const headers = new Headers(init.headers);
      if (isChange || this.hub !== null) {
        // On a hub other people's pages have the same origin: there reading needs the token too.
        headers.set('X-Mesh-XSRF', this._xsrf);
      }
      const response = await this.request(url, {
        ...init,
        headers,
        cache: 'no-store',
        credentials: 'same-origin'
      });
      if (response.status === 401 && this._state.kind === 'in') {
        this.become({ kind: 'out', ended: this._state.user });
      }
      return response;
    }
  };

  /** Ask whether a session is there already. */
  async resume(): Promise<void> {
    const before = this._state;
    const pagesOf =
      before.kind === 'in' ? before.user : before.kind === 'out' ? before.ended : null;
    try {
      this.take(await this.http.get<ISignedIn>('session'));
    } catch (reason) {
      const error = asMeshError(reason);
      if (error.code === 'invalid_api_key') {
        this.become({ kind: 'out', ended: pagesOf });
      } else if (before.kind === 'out' && error.code === 'not_permitted') {
        this.become({ ...before, isReplaced: true });
      } else if (pagesOf === null) {
        // Who has pages keeps them and what was typed there: they say by themselves what does not work.
        this.become({ kind: 'failed', error });
      }
    }
  }

  /** Rejects with `MeshRequestError` where the key is not good. */
  async signIn(key: string): Promise<void> {
    this.take(await this.http.send<ISignedIn>('POST', 'session', { key }));
  }

  async signOut(): Promise<void> {
    await this.http.delete('session');
    this._xsrf = '';
    this.become({ kind: 'out', ended: null });
  }

  /** Somebody is using the page: keep the session, now and then. */
  use(now = Date.now()): void {
    if (this._state.kind === 'in' && now - this._kept > KEEP * 1000) {
      this._kept = now;
      void this.resume();
    }
  }

  private take({ user, xsrf, ends_at: endsAt }: ISignedIn): void {
    this._xsrf = xsrf;
    this._kept = Date.now();
    const before = this._state;
    this._state = { kind: 'in', user, endsAt: new Date(endsAt) };
    if (before.kind !== 'in' || before.user !== user) {
      this._changed.emit();
    }
  }

  private become(state: SessionState): void {
    const isNew = JSON.stringify(state) !== JSON.stringify(this._state);
    this._state = state;
    if (isNew) {
      this._changed.emit();
    }
  }

  private readonly http = new Transport(this.wire);
  private readonly _changed = new Signal<this, void>(this);
  private _state: SessionState = { kind: 'unknown' };
  private _xsrf: string;
  private _kept = 0;
}
