import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import React from 'react';

import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { MeshWidget } from '../ui/mesh-widget';
import { ISurroundings } from '../ui/surroundings';
import { CallView } from './call-view';

/** Opens what is recorded of a call: in the main area, or below the notebook where there is only one. */
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
    const tracker = new WidgetTracker<MainAreaWidget<MeshWidget>>({
      namespace: 'jupyter-mesh-call'
    });
    app.commands.addCommand(CommandIDs.openCall, {
      label: trans.__('Open a Recorded Call'),
      execute: ({ id }) => {
        if (typeof id !== 'string') {
          return;
        }
        const open = tracker.find(widget => callOf(widget) === id);
        const widget = open ?? callWidget(surroundings, id);
        if (!open) {
          void tracker.add(widget);
          app.shell.add(widget, labShell === null ? 'down' : 'main');
        }
        app.shell.activateById(widget.id);
      }
    });
    app.commands.addCommand(CommandIDs.openLastCall, {
      label: trans.__('Show the Last Call'),
      isEnabled: () => (model.calls.value?.calls.length ?? 0) > 0,
      execute: () =>
        app.commands.execute(CommandIDs.openCall, { id: model.calls.value?.calls[0]?.id ?? null })
    });
    palette?.addItem({ command: CommandIDs.openLastCall, category: trans.__('LLM Mesh') });
    void restorer?.restore(tracker, {
      command: CommandIDs.openCall,
      args: widget => ({ id: callOf(widget) }),
      name: callOf
    });
  }
};

const PREFIX = 'jupyter-mesh-call-';

function callOf(widget: MainAreaWidget<MeshWidget>): string {
  return widget.id.slice(PREFIX.length);
}

function callWidget(surroundings: ISurroundings, id: string): MainAreaWidget<MeshWidget> {
  const content = new MeshWidget(surroundings, <CallView id={id} />);
  content.addClass('jp-mesh-CallPanel');
  const widget = new MainAreaWidget({ content });
  widget.id = PREFIX + id;
  widget.title.label = surroundings.trans.__('Call');
  widget.title.caption = surroundings.trans.__('Call %1', id);
  widget.title.icon = meshIcon;
  widget.title.closable = true;
  return widget;
}
