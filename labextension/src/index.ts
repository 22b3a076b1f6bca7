import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { modelPlugin } from './model/plugin';
import { notebookPlugin } from './notebook/plugin';
import { settingsPlugin } from './settings/plugin';
import { sidebarPlugin } from './sidebar/plugin';
import { surroundingsPlugin } from './ui/surroundings-plugin';

/** Everything the extension adds to JupyterLab. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  settingsPlugin,
  modelPlugin,
  notebookPlugin,
  surroundingsPlugin,
  sidebarPlugin
];

export default plugins;
