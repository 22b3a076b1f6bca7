import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';

import { CommandIDs } from '../command-ids';
import { ISurroundings } from '../ui/surroundings';
import { CallDialogs, CallTabs } from './call-places';

/** Opens what is recorded of a call. */
export const callsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:calls',
  description: 'Shows everything recorded of one call.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    surroundings: ISurroundings,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): void => {
    const { model, trans } = surroundings;
    const places =
      labShell === null
        ? new CallDialogs(surroundings)
        : new CallTabs(surroundings, labShell, restorer);
    app.commands.addCommand(CommandIDs.openCall, {
      label: trans.__('Open a Recorded Call'),
      execute: ({ id }) => {
        if (typeof id === 'string') {
          places.open(id);
        }
      }
    });
    app.commands.addCommand(CommandIDs.openLastCall, {
      label: trans.__('Show the Last Call'),
      isEnabled: () => (model.calls.value?.calls.length ?? 0) > 0,
      execute: () => {
        const last = model.calls.value?.calls[0];
        if (last) {
          places.open(last.id);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openLastCall, category: trans.__('LLM Mesh') });
  }
};
