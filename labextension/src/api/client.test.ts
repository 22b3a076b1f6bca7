import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, test } from 'vitest';

import { MeshClient } from './client';
import { MeshRequestError } from './errors';
import { labWire } from './lab-wire';
import { Transport } from './transport';

interface IAsked {
  method: string;
  url: string;
  body: string;
}

/** A client whose requests end in the test; `asked` holds them. */
function client(answer: () => Response | Promise<Response>): {
  mesh: MeshClient;
  asked: IAsked[];
} {
  const asked: IAsked[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/user/ada/',
    token: '',
    fetch: async (request: RequestInfo | URL) => {
      const { method, url } = request as Request;
      asked.push({ method, url, body: await (request as Request).clone().text() });
      return answer();
    }
  });
  return { mesh: new MeshClient(new Transport(labWire(settings))), asked };
}

const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

describe('requests', () => {
  test('go below the base URL of the server, without a number against caches', async () => {
    const { mesh, asked } = client(() => json(200, {}));
    await mesh.me();
    await mesh.costs('folder/Größe & Co?.ipynb');
    await mesh.costs(null);
    await mesh.calls({ document: null, before: 'a/b', limit: 5 });
    await mesh.acceptOffer('env:KEY/1');
    await mesh.call('call_1');
    const base = 'http://localhost:8888/user/ada/mesh/api/';
    expect(asked.map(({ url }) => url)).toEqual([
      `${base}me`,
      `${base}costs?document=folder%2FGr%C3%B6%C3%9Fe+%26+Co%3F.ipynb`,
      `${base}costs`,
      `${base}calls?before=a%2Fb&limit=5`,
      `${base}offers/env%3AKEY%2F1/accept`,
      `${base}calls/call_1`
    ]);
  });

  test('a default model is put, and null clears it', async () => {
    const { mesh, asked } = client(() => json(200, {}));
    await mesh.setPreference({ default_model: null });
    expect(asked[0]).toMatchObject({ method: 'PUT', body: '{"default_model":null}' });
  });
});

describe('refusals', () => {
  const problem = (code: string) => ({ error: { message: 'why', code, request_id: 'r1' } });

  test.each([
    [401, problem('invalid_api_key'), 'forbidden'],
    [403, problem('not_permitted'), 'forbidden'],
    [404, problem('not_found'), 'failed'],
    [500, problem('config_error'), 'config'],
    [503, problem('config_error'), 'config'],
    [503, problem('hub_service_missing'), 'unserved'],
    [503, problem('store_unavailable'), 'offline'],
    [500, problem('internal_error'), 'failed'],
    [402, problem('budget_exceeded'), 'failed'],
    [404, { message: 'Not Found', reason: null }, 'absent'],
    [403, { message: 'Forbidden' }, 'forbidden']
  ])('%i %j is trouble of the kind %s', async (status, body, trouble) => {
    const { mesh } = client(() => json(status, body));
    const error = await mesh.models().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MeshRequestError);
    expect((error as MeshRequestError).trouble).toBe(trouble);
  });

  test('the gateway’s own words and request id are kept', async () => {
    const { mesh } = client(() => json(500, problem('internal_error')));
    await expect(mesh.models()).rejects.toMatchObject({
      message: 'why',
      code: 'internal_error',
      requestId: 'r1'
    });
  });

  test.each([
    [
      'a proxy’s error page',
      () => new Response('<html>Bad gateway</html>', { status: 502 }),
      'offline'
    ],
    ['a page where an API should be', () => new Response('<html>Login</html>'), 'absent'],
    ['a page for what is not there', () => new Response('<html/>', { status: 404 }), 'absent']
  ])('%s is understood', async (_, answer, trouble) => {
    await expect(client(answer).mesh.me()).rejects.toMatchObject({ trouble });
  });

  test('a server that does not answer is offline', async () => {
    const { mesh } = client(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(mesh.me()).rejects.toMatchObject({ trouble: 'offline' });
  });
});
