import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { afterEach, expect, test, vi } from 'vitest';

import { Words } from '../ui/words';
import { Verdicts } from './verdicts';

afterEach(() => {
  document.body.replaceChildren();
});

async function show(verdicts: readonly unknown[]): Promise<string[][]> {
  const widget = ReactWidget.create(
    <Words trans={nullTranslator.load('jupyter_mesh')}>
      <Verdicts verdicts={verdicts} />
    </Words>
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.querySelector('table')).not.toBeNull());
  return [...widget.node.querySelectorAll('tr')].map(row =>
    [...row.querySelectorAll('th, td')].map(cell => cell.textContent)
  );
}

test('what a detector and a judge found is said in words', async () => {
  const [, ...rows] = await show([
    { guard: 'patterns', entity: 'IBAN_CODE', action: 'block', count: 2 },
    { guard: 'words', direction: 'response', action: 'retry', score: 0.931, categories: ['hate'] },
    { guard: 'patterns', entity: 'PERSON', action: 'redact', count: 1, positions: [[0, 3, 9]] },
    { guard: 'patterns', entity: 'PERSON', action: 'monitor', would: 'redact', count: 1 },
    { guard: 'names', action: 'monitor', would: 'fail' }
  ]);
  expect(rows).toEqual([
    ['IBAN_CODE', 'patterns', '2', 'refused'],
    ['answer: hate, 0.93', 'words', '1', 'asked for again'],
    ['PERSON', 'patterns', '1', 'redacted'],
    ['PERSON', 'patterns', '1', 'nothing; its rule only watches, else: redacted'],
    ['', 'names', '1', 'it failed; its rule only watches']
  ]);
});

test('a field that is not known here has a column of its own', async () => {
  const [head, row] = await show([
    { guard: 'a', entity: 'X', action: 'odd', rule: 'r', at_end: 3 }
  ]);
  expect(head?.slice(4)).toEqual(['Rule', 'At end']);
  expect(row).toEqual(['X', 'a', '1', 'odd', 'r', '3']);
});
