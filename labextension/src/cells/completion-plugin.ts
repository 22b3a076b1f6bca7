import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICompletionProviderManager } from '@jupyterlab/completer';

import { ISurroundings } from '../ui/surroundings';
import { MeshCompletions } from './completion-provider';

/** Tab completes models, options and variables in cells that ask a model. */
export const completionPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:completion',
  description: 'Completes models, options and variables in prompts.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [ICompletionProviderManager],
  activate: (
    _app: JupyterFrontEnd,
    { model, trans }: ISurroundings,
    manager: ICompletionProviderManager | null
  ): void => {
    manager?.registerProvider(new MeshCompletions(model, trans));
  }
};
