import { type ILabShell, type ILayoutRestorer } from '@jupyterlab/application';
import { Dialog, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import React from 'react';

import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { MeshWidget } from '../ui/mesh-widget';
import { type ISurroundings } from '../ui/surroundings';
import { CallView } from './call-view';

const PREFIX = 'jupyter-mesh-call-';

/** Calls as tabs of the main area: one tab for each, back again after a reload. */
export class CallTabs {
  constructor(
    private readonly surroundings: ISurroundings,
    private readonly shell: ILabShell,
    restorer: ILayoutRestorer | null
  ) {
    void restorer?.restore(this.tracker, {
      command: CommandIDs.openCall,
      args: widget => ({ id: callOf(widget) }),
      name: callOf
    });
  }

  open(id: string): void {
    let widget = this.tracker.find(candidate => callOf(candidate) === id);
    if (!widget) {
      widget = this.tab(id);
      void this.tracker.add(widget);
      this.shell.add(widget, 'main');
    }
    this.shell.activateById(widget.id);
  }

  private tab(id: string): MainAreaWidget<MeshWidget> {
    const { trans } = this.surroundings;
    const widget = new MainAreaWidget({ content: callPanel(this.surroundings, id) });
    widget.id = PREFIX + id;
    widget.title.label = trans.__('Call');
    widget.title.caption = trans.__('Call %1', id);
    widget.title.icon = meshIcon;
    widget.title.closable = true;
    return widget;
  }

  private readonly tracker = new WidgetTracker<MainAreaWidget<MeshWidget>>({
    namespace: 'jupyter-mesh-call'
  });
}

/** Calls as dialogs, one at a time: where the main area holds one notebook and nothing else. */
export class CallDialogs {
  constructor(private readonly surroundings: ISurroundings) {}

  open(id: string): void {
    const { trans } = this.surroundings;
    this._dialog?.dispose();
    this._dialog = new Dialog({
      title: trans.__('Call'),
      body: callPanel(this.surroundings, id),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
    // Rejects when the next call takes its place.
    this._dialog.launch().catch(() => undefined);
  }

  private _dialog: Dialog<unknown> | null = null;
}

function callPanel(surroundings: ISurroundings, id: string): MeshWidget {
  const panel = new MeshWidget(surroundings, <CallView id={id} />);
  panel.addClass('jp-mesh-CallPanel');
  return panel;
}

function callOf(widget: MainAreaWidget<MeshWidget>): string {
  return widget.id.slice(PREFIX.length);
}
