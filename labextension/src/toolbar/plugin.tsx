import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { type NotebookPanel } from '@jupyterlab/notebook';
import React from 'react';

import { MeshWidget } from '../ui/mesh-widget';
import { ISurroundings } from '../ui/surroundings';
import { ModelSwitcher } from './model-switcher';

/** The model switcher of each notebook's toolbar; where it stands is said in the settings' schema. */
export const toolbarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:toolbar',
  description: 'The model switcher in the toolbar of notebooks.',
  autoStart: true,
  requires: [ISurroundings, IToolbarWidgetRegistry],
  activate: (
    _app: JupyterFrontEnd,
    surroundings: ISurroundings,
    toolbars: IToolbarWidgetRegistry
  ): void => {
    toolbars.addFactory<NotebookPanel>('Notebook', 'jupyter-mesh-model', panel => {
      const switcher = new MeshWidget(surroundings, <ModelSwitcher panel={panel} />);
      switcher.addClass('jp-mesh-Switcher-item');
      return switcher;
    });
  }
};
