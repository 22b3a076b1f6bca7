import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type ChannelKind } from '../../api/admin-types';
import { ChannelForm } from './channel-form';

const kind = (name: string, own: Record<string, object>): ChannelKind => ({
  name,
  title: name,
  config_schema: {
    type: 'object',
    properties: {
      enabled: { type: 'boolean', default: true, title: 'Enabled' },
      ...own
    }
  }
});
const text = { type: 'string', title: 'Text' };
const form = new ChannelForm(
  [kind('webhook', { url: text, secret: text }), kind('slack', { url: text, room: text })],
  nullTranslator.load('jupyter_mesh')
);

test('another kind of channel keeps what was typed where it has the same field, and nothing else', () => {
  const begun = form.read({ channel: 'webhook' });
  const typed = { url: 'https://hooks.example.org', secret: 'abc', enabled: false };
  const changed = form.withKind({ ...begun, values: { ...begun.values, ...typed } }, 'slack');
  expect(form.write(changed)).toEqual({
    channel: 'slack',
    url: 'https://hooks.example.org',
    enabled: false
  });
});

test('what every channel has stands below what only its kind has', () => {
  expect(form.of('slack').fields.map(({ name }) => name)).toEqual(['url', 'room', 'enabled']);
});

test('a channel is written as it was read, also what no input exists for', () => {
  const body = { channel: 'slack', url: 'https://a.example', extra: 1 };
  expect(form.write(form.read(body))).toEqual(body);
});
