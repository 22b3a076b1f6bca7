import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { afterEach, expect, test, vi } from 'vitest';

import { type IAdminApi } from '../../api/admin-client';
import { type ModelCard } from '../../api/types';
import { modelCard } from '../../catalogue/model-card.fixture';
import { AdminContext, pagesInLab } from '../context';
import { Place } from '../place';
import { AdminStore } from '../store';
import { newModel } from './listed-models';
import { ModelsTable } from './models-table';

const speed: ModelCard['speed'] = {
  calls: 7,
  p50_ms: 900,
  p95_ms: 1500,
  first_token_ms: 420,
  tokens_per_second: 61.4,
  error_rate: 0,
  sparkline: []
};

afterEach(() => {
  document.body.replaceChildren();
});

/** The cells of each row of the table, by the model's name. */
async function rows(cards: ModelCard[], listed: string[]): Promise<Record<string, string[]>> {
  const known = new Map(cards.map(card => [card.id.split('/')[1] ?? '', card]));
  const admin = {
    store: new AdminStore({} as IAdminApi),
    place: new Place(),
    trans: nullTranslator.load('jupyter_mesh'),
    pagesFor: pagesInLab
  };
  const widget = ReactWidget.create(
    <AdminContext value={admin}>
      <ModelsTable
        models={listed.map(newModel)}
        cards={known}
        faults={{}}
        isReadOnly={false}
        onChange={() => undefined}
      />
    </AdminContext>
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.querySelector('tbody')).not.toBeNull());
  return Object.fromEntries(
    [...widget.node.querySelectorAll('tbody tr')].map(row => [
      row.querySelector('bdi')?.textContent ?? '',
      [...row.querySelectorAll('td')].map(cell => cell.textContent ?? '')
    ])
  );
}

test('price and measured speed stand beside each model one may choose, ticked or not', async () => {
  const found = await rows(
    [
      modelCard('up/quick', { speed }),
      modelCard('up/found', {
        price: {
          input: '0.5',
          output: '2',
          cache_read: null,
          per_request: '0',
          as_of: null,
          source: 'list'
        },
        speed: null
      }),
      modelCard('up/unpriced', { price: null, speed: null })
    ],
    ['quick', 'typed']
  );
  expect(Object.keys(found)).toEqual(['quick', 'typed', 'found', 'unpriced']);
  expect(found['quick']?.[0]).toContain('1.25');
  expect(found['quick']?.[1]).toContain('61 tok/s');
  expect(found['quick']?.[1]).toContain('420');
  expect(found['found']?.[0]).toContain('0.50');
  expect(found['found']?.[1]).toBe('–');
  expect(found['unpriced']?.[0]).toBe('unpriced');
  expect(found['typed']?.slice(0, 2)).toEqual(['', '']);
});
