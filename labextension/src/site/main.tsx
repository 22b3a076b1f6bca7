import React from 'react';
import { createRoot } from 'react-dom/client';

import { SiteSession } from './session';
import { SiteView } from './site-view';
import { showTheme, storedTheme } from './theme';

showTheme(storedTheme());
const session = new SiteSession(new URL('./', document.baseURI).href);
for (const sign of ['keydown', 'pointerdown']) {
  document.addEventListener(sign, () => session.use(), { passive: true });
}
const root = document.getElementById('site');
if (root !== null) {
  createRoot(root).render(<SiteView session={session} />);
}
void session.resume();
