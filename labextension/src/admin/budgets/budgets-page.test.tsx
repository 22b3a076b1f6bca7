import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { type IAdminApi } from '../../api/admin-client';
import { type BudgetUse, type ISettingUpdate, type Setting } from '../../api/admin-types';
import { AdminContext, pagesInLab } from '../context';
import { type ISpot, Place } from '../place';
import { AdminStore } from '../store';
import { BudgetsPage } from './budgets-page';

const setting = (kind: 'budgets' | 'raises', name: string, body: Setting['body']): Setting => ({
  kind,
  name,
  body,
  managed_by: 'admin',
  version: 7,
  changed_at: null,
  changed_by: 'olga',
  fault: null
});
const USE: BudgetUse = {
  name: 'team',
  limit_usd: '10',
  raised_until: null,
  usual_limit_usd: null,
  each: false,
  shares: 1,
  spent_usd: '4',
  held_usd: '1',
  fullest_usd: '5',
  window_start: '2026-11-01T00:00:00Z',
  window_end: '2026-12-01T00:00:00Z'
};
const RAISE = setting('raises', 'for the fair', {
  budget: 'team',
  limit_usd: '30',
  until: '2999-01-01T00:00:00Z',
  reason: 'The fair'
});

/** The page over a gateway that keeps what is put and removed. */
async function show(open?: ISpot['open'], view?: ISpot['view']) {
  const place = new Place();
  const put = vi.fn((kind: string, name: string, update: ISettingUpdate) =>
    Promise.resolve({ ...setting('raises', name, update.body), kind: kind as Setting['kind'] })
  );
  const remove = vi.fn(() => Promise.resolve());
  const budgets = [
    setting('budgets', 'team', { name: 'team', limit_usd: '10' }),
    { ...setting('budgets', 'budgets[1]', { limit_usd: '3' }), managed_by: 'mesh.yaml' as const }
  ];
  const api = {
    settings: (kind: string) =>
      Promise.resolve(kind === 'budgets' ? budgets : kind === 'raises' ? [RAISE] : []),
    budgetUse: () => Promise.resolve([USE]),
    put,
    remove
  } as unknown as IAdminApi;
  const trans = nullTranslator.load('jupyter_mesh');
  const admin = { store: new AdminStore(api), place, trans, pagesFor: pagesInLab };
  const widget = ReactWidget.create(
    <AdminContext value={admin}>
      <BudgetsPage open={open} view={view} />
    </AdminContext>
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => {
    expect(widget.node.querySelector('h1')).not.toBeNull();
    expect(widget.node.querySelector('[aria-label="Loading"]')).toBeNull();
  });
  const button = (name: string): HTMLButtonElement | undefined =>
    [...document.querySelectorAll('button')].find(
      one => (one.getAttribute('aria-label') ?? one.textContent) === name
    );
  return { node: widget.node, place, put, remove, button };
}

beforeEach(() => {
  // jsdom has no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
});

afterEach(() => {
  document.body.replaceChildren();
});

test('each budget shows what is spent of it, as a figure and as a bar', async () => {
  const { node } = await show();
  await vi.waitFor(() => expect(node.querySelector('[role="meter"]')).not.toBeNull());
  const row = node.querySelector('[data-name="team"]');
  expect(row?.textContent).toContain('$4.00 of $10.00 spent');
  expect(row?.textContent).toContain('$1.00 reserved');
  expect(row?.textContent).toContain('starts anew');
  expect(row?.querySelector('[role="meter"]')?.getAttribute('aria-valuenow')).toBe('40');
  const [spent, held] = [...(row?.querySelectorAll<HTMLElement>('[role="meter"] > *') ?? [])];
  expect([spent?.style.width, held?.style.width]).toEqual(['40%', '10%']);
});

test('a budget that has a name can be raised; one that has none cannot', async () => {
  const { button, place } = await show();
  expect(button('Raise budgets[1]')).toBeUndefined();
  button('Raise team')?.click();
  expect(place.spot).toEqual({
    page: 'budgets',
    open: { kind: 'raises', name: '' },
    view: { budget: 'team' }
  });
});

test('a raise is in the list with its reason, and is ended after a question', async () => {
  const { node, button, remove } = await show();
  const row = node.querySelector('[data-name="for the fair"]');
  expect(row?.textContent).toContain('team may spend $30.00 until');
  expect(row?.textContent).toContain('The fair · by olga');
  button('End for the fair')?.click();
  await vi.waitFor(() => expect(button('End it')).toBeDefined());
  expect(remove).not.toHaveBeenCalled();
  button('End it')?.click();
  await vi.waitFor(() => expect(remove).toHaveBeenCalledWith('raises', 'for the fair', 7));
});

test('the form of a raise begins with its budget, and saves it under a name of its own', async () => {
  const { node, put, button } = await show({ kind: 'raises', name: '' }, { budget: 'team' });
  const field = (label: string): HTMLInputElement | null => {
    const found = [...node.querySelectorAll('label')].find(one => one.textContent === label);
    return node.querySelector<HTMLInputElement>(`[id="${found?.htmlFor}"]`);
  };
  expect(node.textContent).not.toContain('What it is called');
  const type = (label: string, value: string): void => {
    const input = field(label);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value);
    input?.dispatchEvent(new Event('input', { bubbles: true }));
  };
  type('May spend, in $', '10');
  await vi.waitFor(() => expect(node.textContent).toContain('this changes nothing'));
  type('May spend, in $', '25');
  type('Until', '2999-06-01T12:00');
  type('Why', 'The fair');
  await vi.waitFor(() => expect(node.textContent).toContain('team may spend $25.00 until'));
  expect(node.textContent).not.toContain('this changes nothing');
  button('Save')?.click();
  await vi.waitFor(() => expect(put).toHaveBeenCalledOnce());
  expect(put).toHaveBeenCalledWith(
    'raises',
    expect.stringMatching(/^team until 2999-06-01 \d\d:\d\d$/),
    expect.objectContaining({
      version: null,
      body: expect.objectContaining({
        budget: 'team',
        limit_usd: 25,
        reason: 'The fair'
      }) as unknown
    })
  );
});
