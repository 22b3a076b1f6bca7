import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IMeshModel } from '../model/token';
import { INotebookContext } from '../notebook/token';
import { IMeshSettings } from '../settings/token';
import { ISurroundings } from './surroundings';

/** Gathers what components need, so that each plugin with a view asks for one thing. */
export const surroundingsPlugin: JupyterFrontEndPlugin<ISurroundings> = {
  id: 'jupyter-mesh:surroundings',
  description: 'What every component of the mesh may use.',
  autoStart: true,
  provides: ISurroundings,
  requires: [IMeshModel, INotebookContext, IMeshSettings],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IMeshModel,
    notebooks: INotebookContext,
    settings: IMeshSettings,
    translator: ITranslator | null
  ): ISurroundings => ({
    model,
    notebooks,
    settings,
    commands: app.commands,
    trans: (translator ?? nullTranslator).load('jupyter_mesh')
  })
};
