import { type Problem } from './types';

/**
 * Why a request to the gateway failed, as far as it changes what a person can do about it.
 *
 * - `offline`: nothing answered, or what answered is not up.
 * - `absent`: the Jupyter server runs without the mesh extension.
 * - `forbidden`: the caller is not known or may not do this.
 * - `config`: `mesh.yaml` or an environment variable is wrong; an admin must act.
 * - `unserved`: a JupyterHub without the mesh's service; its admin must add one.
 * - `failed`: anything else; the message says what.
 */
export type Trouble = 'offline' | 'absent' | 'forbidden' | 'config' | 'unserved' | 'failed';

/** A request to the gateway that did not succeed. */
export class MeshRequestError extends Error {
  constructor(
    readonly trouble: Trouble,
    message: string,
    readonly code: string | null = null,
    readonly requestId: string | null = null
  ) {
    super(message);
    this.name = 'MeshRequestError';
  }
}

const UPSTREAM_DOWN: ReadonlySet<number> = new Set([502, 503, 504]);

/** The `error` object of a refusal, or null where the body is something else (a proxy's page). */
export function problemOf(body: unknown): Problem | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) {
    return null;
  }
  const { error } = body;
  return typeof error === 'object' && error !== null && 'message' in error && 'code' in error
    ? (error as Problem)
    : null;
}

/** Which trouble a refusal is: the gateway's own code counts more than the status of a proxy. */
export function troubleOf(status: number, problem: Problem | null): Trouble {
  if (problem?.code === 'config_error') {
    return 'config';
  }
  if (problem?.code === 'hub_service_missing') {
    return 'unserved';
  }
  if (status === 401 || status === 403) {
    return 'forbidden';
  }
  if (status === 404 && problem === null) {
    return 'absent';
  }
  return UPSTREAM_DOWN.has(status) ? 'offline' : 'failed';
}

/** Whatever was thrown, as the error components know how to show. */
export function asMeshError(error: unknown): MeshRequestError {
  return error instanceof MeshRequestError
    ? error
    : new MeshRequestError('failed', error instanceof Error ? error.message : String(error));
}
