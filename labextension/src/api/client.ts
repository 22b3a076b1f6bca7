import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { MeshRequestError, problemOf, troubleOf } from './errors';
import {
  type CallDetail,
  type CallPage,
  type CostSummary,
  type Me,
  type Models,
  type Preference,
  type Usage
} from './types';

/**
 * The part of `/mesh/api` that the front end uses.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export class MeshClient {
  constructor(private readonly settings = ServerConnection.makeSettings()) {}

  me(): Promise<Me> {
    return this.get('me');
  }

  models(): Promise<Models> {
    return this.get('models');
  }

  /** Connect what the mesh has found; answers with the new catalogue. */
  acceptOffer(id: string): Promise<Models> {
    return this.send('POST', `offers/${encodeURIComponent(id)}/accept`, {});
  }

  setPreference(preference: Preference): Promise<Me> {
    return this.send('PUT', 'preferences', preference);
  }

  costs(document: string | null): Promise<CostSummary> {
    return this.get('costs', { document });
  }

  /** Spend between two moments, as the gateway adds it up; `by` names the grouping fields. */
  usage(since: Date, until: Date, by: readonly string[]): Promise<Usage> {
    return this.get('usage', {
      since: since.toISOString(),
      until: until.toISOString(),
      by: by.join(',')
    });
  }

  /** Calls, newest first; `before` is the `next` of an earlier page. */
  calls(query: {
    document?: string | null;
    before?: string | null;
    limit?: number;
  }): Promise<CallPage> {
    return this.get('calls', { ...query, limit: query.limit?.toString() });
  }

  call(id: string): Promise<CallDetail> {
    return this.get(`calls/${encodeURIComponent(id)}`);
  }

  private get<T>(path: string, query: Record<string, string | null | undefined> = {}): Promise<T> {
    const given = Object.entries(query).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string'
    );
    const search = given.length > 0 ? `?${new URLSearchParams(given).toString()}` : '';
    return this.request<T>(path + search, { method: 'GET' });
  }

  private send<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
    return this.request<T>(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' }
    });
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, 'mesh/api', path);
    let response: Response;
    try {
      // Not Jupyter's default `no-store`, which adds a number to the query that the gateway does not know.
      const request: RequestInit = { cache: 'no-cache', ...init };
      response = await ServerConnection.makeRequest(url, request, this.settings);
    } catch (error) {
      throw new MeshRequestError('offline', error instanceof Error ? error.message : String(error));
    }
    const body = await readJson(response);
    if (response.ok && body !== undefined) {
      return body as T;
    }
    const problem = problemOf(body);
    throw new MeshRequestError(
      response.ok ? 'absent' : troubleOf(response.status, problem),
      problem?.message ?? `${response.status} ${response.statusText}`.trim(),
      problem?.code,
      problem?.request_id
    );
  }
}

/** The body as JSON, or undefined where it is none: a login page, a proxy's error page. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
}
