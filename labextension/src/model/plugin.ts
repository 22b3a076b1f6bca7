import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';

import { MeshClient } from '../api/client';
import { labWire } from '../api/lab-wire';
import { Transport } from '../api/transport';
import { IMeshSettings } from '../settings/token';
import { MeshModel } from './mesh-model';
import { IMeshModel } from './token';

/** Asks the gateway once JupyterLab is up and idle, then now and then. */
export const modelPlugin: JupyterFrontEndPlugin<IMeshModel> = {
  id: 'jupyter-mesh:model',
  description: 'Models, costs and calls as the LLM gateway tells them.',
  autoStart: true,
  provides: IMeshModel,
  requires: [IMeshSettings],
  activate: (app: JupyterFrontEnd, settings: IMeshSettings): IMeshModel => {
    const model = new MeshModel(
      new MeshClient(new Transport(labWire(app.serviceManager.serverSettings)))
    );
    settings.changed.connect(() => {
      model.interval = settings.refreshSeconds;
    });
    void app.restored.then(() => whenIdle(() => model.start()));
    return model;
  }
};

function whenIdle(action: () => void): void {
  if ('requestIdleCallback' in window) {
    window.requestIdleCallback(action, { timeout: 2000 });
  } else {
    setTimeout(action, 500);
  }
}
