import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { MeshRequestError, problemOf, troubleOf } from './errors';

/** Fields of a query; those without a value are left out. */
export type Query = Record<string, string | null | undefined>;

/**
 * Requests below `/mesh/api`, with the session's credentials.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export class Transport {
  constructor(private readonly settings = ServerConnection.makeSettings()) {}

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.request<T>(path + search(query), { method: 'GET' });
  }

  delete<T>(path: string, query: Query = {}): Promise<T> {
    return this.request<T>(path + search(query), { method: 'DELETE' });
  }

  send<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
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

function search(query: Query): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string'
  );
  return given.length > 0 ? `?${new URLSearchParams(given).toString()}` : '';
}

/** The body as JSON, or undefined where it is none: a login page, a proxy's error page. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
}
