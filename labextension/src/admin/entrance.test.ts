import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type Me } from '../api/types';
import { addressOfSite, hasPages, nameOfPages } from './entrance';

const trans = nullTranslator.load('jupyter_mesh');
const HERE = 'https://hub.example.org/user/ada/lab/tree/a.ipynb?x=1#y';
const me = (scopes: string[], site: Me['site'] = null): Me => ({
  user: 'ada',
  groups: [],
  scopes,
  via: 'kernel',
  host: 'hub',
  version: '0',
  purposes: [],
  purpose_required: false,
  default_model: null,
  admin_contact: null,
  site
});
const site = (administers: boolean, url = '/services/mesh/') => ({ url, administers });

test.each([
  ['nobody known yet', null, false, 'Mesh administration', null],
  ['a user without a hub', me(['use']), false, 'Mesh administration', null],
  ['an admin without a hub', me(['use', 'admin']), true, 'Mesh administration', null],
  [
    'a user of a hub',
    me(['use'], site(false)),
    true,
    'My usage and keys',
    'https://hub.example.org/services/mesh/#page=usage'
  ],
  [
    'an admin of a hub, whose token is no admin’s',
    me(['use'], site(true)),
    true,
    'Mesh administration',
    'https://hub.example.org/services/mesh/#page=connections'
  ],
  [
    'a hub whose services have a host of their own',
    me(['use'], site(false, 'https://services.example.org/services/mesh/')),
    true,
    'My usage and keys',
    'https://services.example.org/services/mesh/#page=usage'
  ],
  [
    'an address that is none of a page',
    me(['use'], site(false, 'javascript:alert(1)')),
    true,
    'My usage and keys',
    null
  ]
])('%s', (_, who, may, name, address) => {
  expect(hasPages(who)).toBe(may);
  expect(nameOfPages(who, trans)).toBe(name);
  expect(addressOfSite(who, HERE)).toBe(address);
});
