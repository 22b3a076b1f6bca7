import { readFileSync } from 'node:fs';

import { defineConfig } from 'vitest/config';

/** JupyterLab's icons import their SVG files as text. */
const svgAsText = {
  name: 'svg-as-text',
  enforce: 'pre',
  load(id) {
    return id.endsWith('.svg')
      ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};`
      : undefined;
  }
};

export default defineConfig({
  plugins: [svgAsText],
  test: {
    environment: 'jsdom',
    // One page per worker, cleared in the setup file: one per file took five times as long.
    isolate: false,
    restoreMocks: true,
    unstubGlobals: true,
    setupFiles: ['./vitest.setup.mjs'],
    include: ['src/**/*.test.{ts,tsx}'],
    // These packages leave the file extension out of their imports, which Node itself refuses.
    server: { deps: { inline: [/@jupyter/, /@lumino/, /@rjsf/] } }
  }
});
