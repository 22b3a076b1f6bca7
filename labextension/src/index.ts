import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

/** Everything the extension adds to JupyterLab. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [];

export default plugins;
