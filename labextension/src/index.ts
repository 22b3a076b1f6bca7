import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { adminPlugin } from './admin/plugin';
import { answerPlugin } from './answer';
import { callsPlugin } from './calls/plugin';
import { cellActionsPlugin } from './cells/actions-plugin';
import { completionPlugin } from './cells/completion-plugin';
import { prosePlugin } from './cells/prose-plugin';
import { modelPlugin } from './model/plugin';
import { notebookCommandsPlugin } from './notebook/commands-plugin';
import { notebookPlugin } from './notebook/plugin';
import { settingsPlugin } from './settings/plugin';
import { sidebarPlugin } from './sidebar/plugin';
import { statusPlugin } from './status/plugin';
import { toolbarPlugin } from './toolbar/plugin';
import { surroundingsPlugin } from './ui/surroundings-plugin';

/** Everything the extension adds to JupyterLab. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  settingsPlugin,
  modelPlugin,
  notebookPlugin,
  surroundingsPlugin,
  answerPlugin,
  sidebarPlugin,
  callsPlugin,
  adminPlugin,
  toolbarPlugin,
  statusPlugin,
  prosePlugin,
  completionPlugin,
  cellActionsPlugin,
  notebookCommandsPlugin
];

export default plugins;
