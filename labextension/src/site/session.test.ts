import { expect, test } from 'vitest';

import { SiteSession } from './session';

interface IAsked {
  method: string;
  url: string;
  xsrf: string | null;
  body: string;
}

const SIGNED_IN = { user: 'olga', xsrf: 'token-1', ends_at: '2026-11-22T12:00:00Z' };
const refused = (code: string, status = 401): Response =>
  new Response(JSON.stringify({ error: { message: 'no', code } }), { status });

/** A session whose requests end here; `answers` are given one after another. */
function session(...answers: Response[]): { site: SiteSession; asked: IAsked[] } {
  return sessionOn(null, '', ...answers);
}

function sessionOn(
  hub: string | null,
  told: string,
  ...answers: Response[]
): { site: SiteSession; asked: IAsked[] } {
  const asked: IAsked[] = [];
  const request: typeof fetch = (url, init) => {
    asked.push({
      method: init?.method ?? 'GET',
      url: url instanceof Request ? url.url : url.toString(),
      xsrf: new Headers(init?.headers).get('X-Mesh-XSRF'),
      body: typeof init?.body === 'string' ? init.body : ''
    });
    const answer = answers.shift();
    return answer ? Promise.resolve(answer) : Promise.reject(new TypeError('no answer'));
  };
  return { site: new SiteSession('https://host/proxy/mesh/', request, hub, told), asked };
}
const json = (body: unknown): Response => new Response(JSON.stringify(body));

test('a key is sent once, in a body, and changes carry the token that came for it', async () => {
  const { site, asked } = session(json(SIGNED_IN), json({}));
  await site.signIn('mesh-key');
  await site.wire.send(site.wire.urlOf('preferences'), { method: 'PUT' });
  expect(site.state).toMatchObject({ kind: 'in', user: 'olga' });
  expect(asked.map(one => [one.method, one.url, one.xsrf !== null])).toEqual([
    ['POST', 'https://host/proxy/mesh/api/session', true],
    ['PUT', 'https://host/proxy/mesh/api/preferences', true]
  ]);
  expect(asked[1]?.xsrf).toBe('token-1');
  expect(asked.filter(one => JSON.stringify(one).includes('mesh-key'))).toHaveLength(1);
});

test('who was signed in before goes on, who was not is asked for a key', async () => {
  const there = session(json(SIGNED_IN));
  await there.site.resume();
  expect(there.site.state.kind).toBe('in');
  const none = session(refused('invalid_api_key'));
  await none.site.resume();
  expect(none.site.state).toEqual({ kind: 'out', ended: null });
});

test('a gateway that does not answer is no reason to sign in again', async () => {
  const { site } = session();
  await site.resume();
  expect(site.state).toMatchObject({ kind: 'failed', error: { trouble: 'offline' } });
});

test('a session that ends while the pages are open is said', async () => {
  const { site } = session(json(SIGNED_IN), refused('invalid_api_key'));
  await site.signIn('k');
  await site.wire.send(site.wire.urlOf('me'), {});
  expect(site.state).toEqual({ kind: 'out', ended: 'olga' });
});

test('who uses the pages keeps the session, asked for now and then only', async () => {
  const { site, asked } = session(json(SIGNED_IN), json(SIGNED_IN));
  await site.signIn('k');
  const now = Date.now();
  site.use(now + 60_000);
  expect(asked).toHaveLength(1);
  site.use(now + 301_000);
  site.use(now + 302_000);
  expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET']);
});

test('on a hub every request carries the token that the page was told, reading too', async () => {
  const { site, asked } = sessionOn(
    '/hub/',
    'told',
    json({ ...SIGNED_IN, xsrf: 'told' }),
    json({})
  );
  await site.resume();
  await site.wire.send(site.wire.urlOf('calls'), {});
  expect(asked.map(({ method, xsrf }) => [method, xsrf])).toEqual([
    ['GET', 'told'],
    ['GET', 'told']
  ]);
});

test('a gateway or hub that is gone for a moment takes nobody off the page they type into', async () => {
  const { site } = sessionOn(
    '/hub/',
    'told',
    json(SIGNED_IN),
    refused('identity_unavailable', 503),
    refused('invalid_api_key')
  );
  await site.resume();
  let changes = 0;
  site.changed.connect(() => {
    changes += 1;
  });
  await site.resume();
  expect([site.state.kind, changes]).toEqual(['in', 0]);
  await site.resume();
  expect(site.state).toEqual({ kind: 'out', ended: 'olga' });
});

test('who signs in again goes on with the pages that are open, and is told where that cannot be', async () => {
  const { site } = sessionOn(
    '/hub/',
    'told',
    json(SIGNED_IN),
    refused('invalid_api_key'),
    refused('identity_unavailable', 503),
    refused('not_permitted', 403),
    json(SIGNED_IN)
  );
  await site.resume();
  await site.wire.send(site.wire.urlOf('me'), {});
  await site.resume();
  expect(site.state).toEqual({ kind: 'out', ended: 'olga' });
  await site.resume();
  expect(site.state).toEqual({ kind: 'out', ended: 'olga', isReplaced: true });
  await site.resume();
  expect(site.state).toMatchObject({ kind: 'in', user: 'olga' });
});
