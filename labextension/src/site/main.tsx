import React from 'react';
import { createRoot } from 'react-dom/client';

import { SiteSession } from './session';
import { SiteView } from './site-view';
import { showTheme, storedTheme } from './theme';

showTheme(storedTheme());
const told = (name: string): string =>
  document.querySelector<HTMLMetaElement>(`meta[name="jupyter-mesh-${name}"]`)?.content ?? '';
const session = new SiteSession(
  new URL('./', document.baseURI).href,
  (...args) => fetch(...args),
  told('hub') || null,
  told('xsrf')
);
for (const sign of ['keydown', 'pointerdown']) {
  document.addEventListener(sign, () => session.use(), { passive: true });
}
const root = document.getElementById('site');
if (root !== null) {
  createRoot(root).render(<SiteView session={session} />);
}
void session.resume();
