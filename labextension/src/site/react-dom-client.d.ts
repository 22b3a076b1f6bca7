/** The little of `react-dom/client` that the site uses; JupyterLab brings its own root. */
declare module 'react-dom/client' {
  import { type ReactNode } from 'react';

  export function createRoot(container: Element): { render(children: ReactNode): void };
}
