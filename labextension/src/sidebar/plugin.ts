import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { ISurroundings } from '../ui/surroundings';
import { MeshSidePanel } from './side-panel';
import { type Wish } from './wish';

/** The left sidebar, and the commands that lead into it. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:sidebar',
  description: 'The sidebar with models, cost and recent calls.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    surroundings: ISurroundings,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const panel = new MeshSidePanel(surroundings, translator ?? nullTranslator);
    app.shell.add(panel, 'left', { rank: 650, type: 'LLM Mesh' });
    restorer?.add(panel, panel.id);
    addCommands(app, surroundings, panel);
    for (const command of SIDEBAR_COMMANDS) {
      palette?.addItem({ command, category: surroundings.trans.__('LLM Mesh') });
    }
  }
};

/** The palette hands the focus back to the document one frame after it has run a command. */
function afterFocusSettled(action: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(action));
}

const SIDEBAR_COMMANDS = [
  CommandIDs.showSidebar,
  CommandIDs.chooseModel,
  CommandIDs.choosePurpose,
  CommandIDs.compare,
  CommandIDs.refresh,
  CommandIDs.starModel,
  CommandIDs.useDefaultModel
];

function addCommands(
  app: JupyterFrontEnd,
  { model, notebooks, settings, trans }: ISurroundings,
  panel: MeshSidePanel
): void {
  const { commands, shell } = app;
  const reveal = (wish?: Wish): void => {
    shell.activateById(panel.id);
    if (wish) {
      afterFocusSettled(() => panel.wishes.make(wish));
    }
  };
  const modelInForce = (): string | null => notebooks.choice.model ?? model.defaultModel;
  commands.addCommand(CommandIDs.showSidebar, {
    label: trans.__('Show Models, Cost and Calls'),
    icon: meshIcon,
    execute: () => reveal()
  });
  commands.addCommand(CommandIDs.chooseModel, {
    label: trans.__('Choose Model…'),
    caption: trans.__('Choose the model of this notebook, or your default model'),
    execute: () => reveal('search')
  });
  commands.addCommand(CommandIDs.choosePurpose, {
    label: trans.__('Choose Purpose of This Notebook…'),
    isEnabled: () => notebooks.path !== null,
    execute: () => reveal('purpose')
  });
  commands.addCommand(CommandIDs.compare, {
    label: trans.__('Compare Models…'),
    execute: () => reveal('compare')
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Models, Cost and Calls'),
    execute: () => model.refresh()
  });
  commands.addCommand(CommandIDs.starModel, {
    label: trans.__('Add or Remove This Model as Favourite'),
    isEnabled: () => modelInForce() !== null,
    execute: () => {
      const id = modelInForce();
      if (id !== null) {
        settings.toggleFavourite(id);
      }
    }
  });
  commands.addCommand(CommandIDs.useDefaultModel, {
    label: trans.__('Use the Default Model in This Notebook'),
    isEnabled: () => notebooks.path !== null && notebooks.choice.model !== null,
    execute: () => notebooks.chooseModel(null)
  });
}
