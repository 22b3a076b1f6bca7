import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { afterEach, expect, test, vi } from 'vitest';

import { type CallDetail } from '../api/types';
import { Words } from '../ui/words';
import { RecordFacts } from './record-facts';

afterEach(() => {
  document.body.replaceChildren();
});

test.each([
  ['analysts', true],
  ['', false]
])('the record of a call says which group pays, where one does: %j', async (group, isSaid) => {
  const summary = { id: 'call-1', user: 'ada', application: 'notebook', purpose: 'unspecified' };
  const detail = { summary, candidates: [], screened: '', tags: {}, charged_group: group };
  const widget = ReactWidget.create(
    <Words trans={nullTranslator.load('jupyter_mesh')}>
      <RecordFacts detail={detail as unknown as CallDetail} />
    </Words>
  );
  Widget.attach(widget, document.body);
  await vi.waitFor(() => expect(widget.node.textContent).toContain('ada'));
  const names = [...widget.node.querySelectorAll('dt')].map(one => one.textContent);
  expect(names.includes('Charged to the group')).toBe(isSaid);
});
