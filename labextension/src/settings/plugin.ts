import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';

import { MeshSettings } from './mesh-settings';
import { IMeshSettings } from './token';

/** Settings, favourites and recently used models; all have defaults where there is no registry. */
export const settingsPlugin: JupyterFrontEndPlugin<IMeshSettings> = {
  id: 'jupyter-mesh:settings',
  description: 'Settings, favourite and recently used models.',
  autoStart: true,
  provides: IMeshSettings,
  optional: [ISettingRegistry, IStateDB],
  activate: (
    _app: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    stateDB: IStateDB | null
  ): IMeshSettings => {
    const settings = new MeshSettings(stateDB);
    registry
      ?.load(settingsPlugin.id)
      .then(loaded => settings.connect(loaded))
      .catch(error => console.error('The settings of LLM Mesh could not be read:', error));
    void settings.restore();
    return settings;
  }
};
