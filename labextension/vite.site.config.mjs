import { defineConfig } from 'vite';

/** The gateway's own site: the admin's pages without JupyterLab, as files the gateway serves itself. */
export default defineConfig({
  root: 'site',
  base: './', // a proxy may put any path before it
  publicDir: false,
  build: {
    outDir: '../../server_extension/jupyter_mesh_server/site',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy allows no data: URLs
    modulePreload: { polyfill: false },
    target: 'es2022'
  }
});
