import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Me } from '../api/types';
import { noModelWords } from './no-model';

const trans = nullTranslator.load('jupyter_mesh');
const me = (scopes: string[], admin_contact: string | null = null): Me =>
  ({ user: 'root', scopes, admin_contact }) as Me;

test('an admin without a model is told by which name to open one, others whom to ask', () => {
  expect(noModelWords(me(['use', 'admin'], 'olga@example.org'), trans)).toContain(
    'to “root” (you)'
  );
  expect(noModelWords(me(['use'], 'olga@example.org'), trans)).toBe(
    'Ask olga@example.org to open one to you.'
  );
  expect(noModelWords(me(['use']), trans)).toBe('Ask an admin of this mesh to open one to you.');
  expect(noModelWords(null, trans)).toBe('Ask an admin of this mesh to open one to you.');
});
