import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { afterEach, expect, test, vi } from 'vitest';

import { type IAdminApi } from '../api/admin-client';
import { MeshRequestError } from '../api/errors';
import { type Me } from '../api/types';
import { AdminView } from './admin-view';
import { addressOfSite } from './entrance';
import { pagesInLab } from './context';
import { Place } from './place';
import { AdminStore } from './store';

const me = (scopes: string[]): Me => ({
  user: 'ada',
  groups: [],
  scopes,
  via: 'browser',
  host: 'personal',
  site: null,
  version: '0',
  purposes: [],
  purpose_required: false,
  default_model: null,
  admin_contact: 'olga@example.org'
});

/** The pages over a gateway that answers so; `asked` names what was asked of it. */
async function show(answers: Partial<Record<keyof IAdminApi, unknown>>, place = new Place()) {
  const asked: string[] = [];
  const api = new Proxy({} as IAdminApi, {
    get: (_, name: string) => () => {
      if (name === 'clientAddress') {
        return 'http://mesh.example.org/mesh/v1';
      }
      asked.push(name);
      const answer = answers[name as keyof IAdminApi];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    }
  });
  const trans = nullTranslator.load('jupyter_mesh');
  const widget = ReactWidget.create(
    <AdminView
      admin={{
        store: new AdminStore(api),
        place,
        trans,
        pagesFor: pagesInLab,
        elsewhere: (who, spot) => addressOfSite(who, 'https://hub.example.org/user/ada/lab', spot)
      }}
    />
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => {
    expect(widget.node.querySelector('nav')).not.toBeNull();
    expect(widget.node.querySelector('[aria-label="Loading"]')).toBeNull();
  });
  return { text: () => widget.node.textContent, node: widget.node, asked };
}

afterEach(() => {
  document.body.replaceChildren();
});

test('who is no admin is told whom to ask, and nothing else is asked of the gateway', async () => {
  const { text, asked } = await show({ me: me(['use']) });
  expect(text()).toContain('This page is for admins.');
  expect(text()).toContain('olga@example.org');
  expect(asked).toEqual(['me']);
});

test.each([
  ['an admin', true, 'page=budgets&kind=budgets&name=all'],
  ['a user', false, 'page=usage']
])('on a hub a tab of before leads %s to the mesh’s own pages', async (_, administers, hash) => {
  const site = { url: '/services/mesh/', administers };
  const place = new Place({ page: 'budgets', open: { kind: 'budgets', name: 'all' } });
  const { text, node, asked } = await show({ me: { ...me(['use']), site } }, place);
  expect(text()).toContain('These pages are at this JupyterHub’s mesh.');
  const link = node.querySelector<HTMLAnchorElement>('[role=status] a');
  expect(link?.href).toBe(`https://hub.example.org/services/mesh/#${hash}`);
  expect([link?.target, link?.rel]).toEqual(['_blank', 'noopener noreferrer']);
  expect(asked).toEqual(['me']);
});

test('a gateway that does not answer is said, with a way to try again', async () => {
  const { text, node } = await show({ me: new MeshRequestError('offline', 'no answer') });
  expect(text()).toContain('The gateway does not answer.');
  expect(node.querySelector('[role=alert] button')?.textContent).toBe('Try again');
});

test('a mesh without any connection says what to do first', async () => {
  const { text } = await show({ me: me(['admin']), settings: [], connections: [], providers: [] });
  expect(text()).toContain('There is no connection yet');
  expect(text()).toContain('New connection');
});

test('a link to what is gone leads on', async () => {
  const place = new Place({ page: 'budgets', open: { kind: 'budgets', name: 'gone' } });
  const { text } = await show({ me: me(['admin']), settings: [] }, place);
  expect(text()).toContain('There is no “gone” (any more).');
});

test('what comes from mesh.yaml is shown and cannot be typed over', async () => {
  const budget = {
    kind: 'budgets',
    name: 'all',
    body: { limit_usd: '5', window: 'day' },
    managed_by: 'mesh.yaml',
    version: null,
    changed_at: null,
    changed_by: null,
    fault: null
  };
  const place = new Place({ page: 'budgets', open: { kind: 'budgets', name: 'all' } });
  const answers = { me: me(['admin']), settings: [budget], connections: [], keys: [] };
  const { text, node } = await show(answers, place);
  expect(text()).toContain('This is managed by mesh.yaml: it is only shown here.');
  expect(text()).toContain('Everybody together may spend $5.00 a day; then calls are refused.');
  const inputs = [...node.querySelectorAll<HTMLInputElement>('main input[type=text]')];
  expect(inputs.length).toBeGreaterThan(5);
  expect(inputs.filter(input => !input.readOnly)).toEqual([]);
  expect([...node.querySelectorAll('main button')].map(one => one.textContent)).toEqual([
    '‹ Budgets and limits'
  ]);
});

test('an admin who makes the first group is named, and added by a click', async () => {
  const place = new Place({ page: 'models', open: { kind: 'groups', name: '' } });
  const catalogue = { models: [], aliases: [], offers: [] };
  const answers = { me: me(['admin']), settings: [], connections: [], models: catalogue };
  const { node } = await show(answers, place);
  const add = (): HTMLButtonElement | undefined =>
    [...node.querySelectorAll('button')].find(one => one.textContent === 'Add me (ada)');
  expect(add()).toBeDefined();
  add()?.click();
  await vi.waitFor(() => expect(add()).toBeUndefined());
  const [members] = [...node.querySelectorAll('textarea')];
  expect(members?.value).toBe('ada');
});

test('a key that was made says where it is used and how it is tried', async () => {
  const place = new Place({ page: 'keys', open: { kind: 'keys', name: '' } });
  const made = { key: { name: 'reports' }, secret: 'mesh-once' };
  const { node, text } = await show({ me: me(['admin']), keys: [], makeKey: made }, place);
  const type = (label: string, value: string): void => {
    const named = [...node.querySelectorAll('label')].find(one => one.textContent === label);
    const input = node.querySelector<HTMLInputElement>(`[id="${named?.htmlFor ?? ''}"]`);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value);
    input?.dispatchEvent(new Event('input', { bubbles: true }));
  };
  type('Name', 'reports');
  type('Application', 'monthly');
  node.querySelector<HTMLButtonElement>('button[type=submit]')?.click();
  await vi.waitFor(() => expect(text()).toContain('base URL: http://mesh.example.org/mesh/v1'));
  expect(text()).toContain('curl http://mesh.example.org/mesh/v1/models -H "Authorization: Bearer');
  expect(text()).not.toContain('mesh-once');
});

test('a key is renewed with a click, under a free name and with the same rights', async () => {
  const old = {
    name: 'reports',
    user: 'ada',
    application: 'monthly',
    groups: [],
    models: ['up/*'],
    expires: null,
    purpose: null,
    budget_usd: '5',
    window: 'week',
    admin: false,
    auditor: false,
    managed_by: 'admin',
    version: 3,
    maker: 'ada'
  };
  const made = { key: { ...old, name: 'reports-2' }, secret: 'mesh-once' };
  const answers = { me: me(['admin']), keys: [old], makeKey: made };
  Element.prototype.scrollTo = () => undefined; // there is no layout here
  const { node, text, asked } = await show(answers, new Place({ page: 'keys' }));
  node.querySelector<HTMLButtonElement>('[aria-label="Renew reports…"]')?.click();
  await vi.waitFor(() => expect(text()).toContain('Renew the key “reports”'));
  expect(text()).toContain('Both work until you revoke the old one');
  expect(text()).toContain('Its own budget begins anew');
  const typed = [...node.querySelectorAll<HTMLInputElement>('main input[type=text]')];
  expect(typed.map(one => one.value)).toEqual(['reports-2', 'monthly', '', '', '5']);
  node.querySelector<HTMLButtonElement>('button[type=submit]')?.click();
  await vi.waitFor(() => expect(text()).toContain('Put it where “reports” is used now.'));
  expect(asked).toContain('makeKey');
});

test.each([
  [
    ['jsonl', 'csv'],
    ['JSONL', 'CSV']
  ],
  [
    ['jsonl', 'csv', 'parquet'],
    ['JSONL', 'CSV', 'Parquet']
  ]
])('files are offered as what the gateway can write: %j', async (formats, offered) => {
  const place = new Place({ page: 'inventory' });
  const who = { ...me(['admin', 'audit']), file_formats: formats };
  const answers = {
    settings: [],
    inventory: { use_cases: [] },
    alertSummary: { critical: 0, warning: 0 }
  };
  const { node } = await show({ ...answers, me: who }, place);
  const links = [...node.querySelectorAll('.jp-mesh-Export a')];
  expect(links.map(one => one.textContent)).toEqual(offered);
});

test('open alerts are asked for again while the pages are shown', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const summary = { critical: 1, warning: 0 };
    const answers = { me: me(['admin', 'audit']), settings: [], connections: [], providers: [] };
    const { asked } = await show({ ...answers, alertSummary: summary });
    const times = (): number => asked.filter(one => one === 'alertSummary').length;
    await vi.waitFor(() => expect(times()).toBe(1));
    vi.advanceTimersByTime(60_000);
    expect(times()).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
