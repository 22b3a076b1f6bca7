import { expect, test } from 'vitest';

import plugins from './index';

test('plugin ids are unique and carry the name of the extension', () => {
  const ids = plugins.map(plugin => plugin.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^jupyter-mesh:[a-z-]+$/);
  }
});
