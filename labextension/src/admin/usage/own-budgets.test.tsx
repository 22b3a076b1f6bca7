import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { expect, test, vi } from 'vitest';

import { type IAdminApi } from '../../api/admin-client';
import { type BudgetStatus } from '../../api/types';
import { AdminContext, pagesOnSite } from '../context';
import { Place } from '../place';
import { AdminStore } from '../store';
import { OwnBudgets } from './own-budgets';

const BUDGET: BudgetStatus = {
  name: 'user=ada',
  window: 'month',
  window_start: '2026-11-01T00:00:00Z',
  window_end: '2026-12-01T00:00:00Z',
  limit_usd: '20',
  spent_usd: '5',
  held_usd: '0',
  hard: true,
  forecast_low_usd: null,
  forecast_high_usd: null,
  forecast_usd: null,
  usual_limit_usd: null,
  raised_until: null
};

async function shown(budgets: readonly BudgetStatus[]): Promise<string> {
  const ask = vi.fn(() => Promise.resolve({ budgets }));
  const api = { budgets: ask } as unknown as IAdminApi;
  const trans = nullTranslator.load('jupyter_mesh');
  const admin = { store: new AdminStore(api), place: new Place(), trans, pagesFor: pagesOnSite };
  const widget = ReactWidget.create(
    <AdminContext value={admin}>
      <OwnBudgets now={new Date()} />
    </AdminContext>
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => {
    expect(ask).toHaveBeenCalled();
    expect(widget.node.querySelector('[aria-busy="true"], .jp-mesh-Skeleton')).toBeNull();
    expect(widget.node.querySelector('.jp-mesh-Kept')).not.toBeNull();
  });
  const text = widget.node.textContent ?? '';
  const meter = widget.node.querySelector('[role="meter"]')?.getAttribute('aria-valuenow') ?? '';
  widget.dispose();
  return `${text} ${meter}`;
}

test('who pays for a call, and how much of it is left, is shown to whoever asks', async () => {
  expect(await shown([BUDGET])).toContain('My budgets');
  expect(await shown([BUDGET])).toMatch(/user=ada, month\$5\.00 of \$20\.00 25$/u);
});

test('whoever has no budget is shown none', async () => {
  expect(await shown([])).not.toContain('My budgets');
});
