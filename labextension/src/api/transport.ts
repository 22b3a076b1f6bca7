import { MeshRequestError, problemOf, troubleOf } from './errors';

/** Fields of a query; those without a value are left out. */
export type Query = Record<string, string | null | undefined>;

/** How requests get to the gateway: JupyterLab has one way, the gateway's own site another. */
export interface IWire {
  /** The address of a path below `/mesh/api`. */
  urlOf(path: string): string;
  send(url: string, init: RequestInit): Promise<Response>;
}

/**
 * Requests below `/mesh/api`, with the credentials of the wire.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export class Transport {
  constructor(private readonly wire: IWire) {}

  /** `signal` ends it before there is an answer. */
  get<T>(path: string, query: Query = {}, signal: AbortSignal | null = null): Promise<T> {
    return this.request<T>(path + search(query), { method: 'GET', signal });
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

  /** The address of a path with its query, for a link that the browser follows itself. */
  address(path: string, query: Query = {}): string {
    return this.wire.urlOf(path + search(query));
  }

  /** A file that the gateway makes, as it is. */
  async file(path: string, query: Query = {}): Promise<Blob> {
    const response = await this.ask(path + search(query), { method: 'GET' });
    if (!response.ok) {
      throw refusal(response, await readJson(response));
    }
    return response.blob();
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    const response = await this.ask(path, init);
    const body = await readJson(response);
    if (response.ok && body !== undefined) {
      return body as T;
    }
    throw refusal(response, body);
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.wire.send(this.wire.urlOf(path), init);
    } catch (error) {
      throw new MeshRequestError('offline', error instanceof Error ? error.message : String(error));
    }
  }
}

function refusal(response: Response, body: unknown): MeshRequestError {
  const problem = problemOf(body);
  return new MeshRequestError(
    response.ok ? 'absent' : troubleOf(response.status, problem),
    problem?.message ?? `${response.status} ${response.statusText}`.trim(),
    problem?.code,
    problem?.request_id
  );
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
