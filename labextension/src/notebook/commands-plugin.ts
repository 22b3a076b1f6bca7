import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { NotebookPanel } from '@jupyterlab/notebook';

import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { ISurroundings } from '../ui/surroundings';
import { insertBelow, writePrompt } from './insert';

/** The text of a new prompt; the model is the notebook's. */
const PROMPT = '%%llm\n';

/** Commands that act on a notebook, and the launcher's card. */
export const notebookCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:notebook-commands',
  description: 'Commands that insert, stop and begin prompts, and the card in the launcher.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    surroundings: ISurroundings,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ): void => {
    addCommands(app, surroundings);
    const category = surroundings.trans.__('LLM Mesh');
    for (const command of [
      CommandIDs.insertPrompt,
      CommandIDs.askInNewNotebook,
      CommandIDs.stop,
      CommandIDs.openSettings
    ]) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.askInNewNotebook, category, rank: 1 });
    launcher?.add({ command: CommandIDs.showSidebar, category, rank: 2 });
  }
};

function addCommands(app: JupyterFrontEnd, { notebooks, trans }: ISurroundings): void {
  const { commands } = app;
  commands.addCommand(CommandIDs.insertPrompt, {
    label: trans.__('Insert a %%llm Cell Below'),
    isEnabled: () => notebooks.panel !== null,
    execute: () => {
      if (notebooks.panel) {
        insertBelow(notebooks.panel, PROMPT);
        notebooks.panel.activate();
      }
    }
  });
  commands.addCommand(CommandIDs.askInNewNotebook, {
    label: args =>
      args['isPalette'] ? trans.__('Ask a Model in a New Notebook') : trans.__('Ask a model'),
    caption: trans.__('A new notebook with a %%llm cell'),
    icon: meshIcon,
    execute: async args => askInNewNotebook(app, args['cwd'])
  });
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop the Running Cell'),
    isEnabled: () => notebooks.panel?.sessionContext.session?.kernel?.status === 'busy',
    execute: async () => notebooks.panel?.sessionContext.session?.kernel?.interrupt()
  });
  commands.addCommand(CommandIDs.openSettings, {
    label: trans.__('LLM Mesh Settings'),
    isVisible: () => commands.hasCommand('settingeditor:open'),
    execute: () => commands.execute('settingeditor:open', { query: 'LLM Mesh' })
  });
}

/** A new notebook with the default kernel, ready to type a prompt into. */
async function askInNewNotebook(app: JupyterFrontEnd, cwd: unknown): Promise<void> {
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const made: unknown = await app.commands.execute('notebook:create-new', {
    activate: true,
    kernelName: kernelspecs.specs?.default ?? null,
    ...(typeof cwd === 'string' ? { cwd } : {})
  });
  // Where notebooks open in a tab of their own there is no panel to write into.
  if (made instanceof NotebookPanel) {
    await made.context.ready;
    await made.revealed;
    writePrompt(made, PROMPT);
  }
}
