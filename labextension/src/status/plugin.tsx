import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import React from 'react';

import { MeshWidget } from '../ui/mesh-widget';
import { ISurroundings } from '../ui/surroundings';
import { StatusItem } from './status-item';

/** Model and cost in the status bar, where the page has one. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:status',
  description: 'The model in force and its cost, in the status bar.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [IStatusBar],
  activate: (
    _app: JupyterFrontEnd,
    surroundings: ISurroundings,
    statusBar: IStatusBar | null
  ): void => {
    statusBar?.registerStatusItem(statusPlugin.id, {
      item: new MeshWidget(surroundings, <StatusItem />),
      align: 'right',
      rank: 900
    });
  }
};
