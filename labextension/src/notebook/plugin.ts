import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';

import { IMeshModel } from '../model/token';
import { IMeshSettings } from '../settings/token';
import { asksModel, usesClient } from './cell-source';
import { NotebookContext } from './context';
import { KernelLink } from './kernel-link';
import { INotebookContext } from './token';

/** Keeps the choice of each notebook, and tells its kernel before a cell asks a model. */
export const notebookPlugin: JupyterFrontEndPlugin<INotebookContext> = {
  id: 'jupyter-mesh:notebook',
  description: 'The notebook at hand, with the model and the purpose chosen for it.',
  autoStart: true,
  provides: INotebookContext,
  requires: [IMeshModel, IMeshSettings],
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    model: IMeshModel,
    settings: IMeshSettings,
    tracker: INotebookTracker | null
  ): INotebookContext => {
    const { contents } = app.serviceManager;
    const link = new KernelLink({
      modelsChanged: () => void model.catalogue.refresh(),
      callFinished: () => model.callFinished()
    });
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const panel = tracker?.find(candidate => candidate.content === notebook);
      const source = cell.model.sharedModel.getSource();
      if (panel && (asksModel(source) || usesClient(source) || link.isOpen(panel))) {
        link.announce(panel, contents.localPath(panel.context.path));
      }
    });
    return new NotebookContext(tracker, contents, model, settings);
  }
};
