import {
  ILabShell,
  ILayoutRestorer,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ILauncher } from '@jupyterlab/launcher';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { AdminClient } from '../api/admin-client';
import { labWire } from '../api/lab-wire';
import { Transport } from '../api/transport';
import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { ISurroundings } from '../ui/surroundings';
import { AdminView } from './admin-view';
import { type IAdmin, pagesInLab } from './context';
import { addressOfSite, hasPages, nameOfPages } from './entrance';
import { addressOf, LINK, spotOfAddress } from './link';
import { argsOf, Place, spotOf } from './place';
import { renewal } from './renewal';
import { AdminStore } from './store';

/** The admin's pages as a tab of JupyterLab. The pages themselves know nothing of it. */
export const adminPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:admin',
  description: 'Pages on which admins set connections, permissions, budgets and keys.',
  autoStart: true,
  requires: [ISurroundings],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ILauncher, IRouter],
  activate: (
    app: JupyterFrontEnd,
    surroundings: ISurroundings,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    router: IRouter | null
  ): void => {
    if (labShell === null) {
      return; // Notebook 7 has no main area for it; JupyterLab on the same server has.
    }
    const { model, trans } = surroundings;
    const mayGo = (): boolean => hasPages(model.me.value);
    const tab = new AdminTab(app, surroundings, labShell);
    app.commands.addCommand(CommandIDs.openAdmin, {
      label: () => nameOfPages(model.me.value, trans),
      caption: () =>
        model.me.value?.site
          ? trans.__('Opens the pages of this JupyterHub’s mesh in a new tab of the browser')
          : trans.__('Connections, permissions, budgets and keys of the mesh'),
      icon: args => (args['isPalette'] ? undefined : meshIcon),
      isVisible: mayGo,
      isEnabled: mayGo,
      execute: args => {
        const site = addressOfSite(model.me.value, window.location.href);
        if (site === null) {
          tab.open(args);
        } else {
          window.open(site, '_blank', 'noopener');
        }
      }
    });
    void restorer?.restore(tab.tracker, {
      command: CommandIDs.restoreAdmin,
      args: () => argsOf(tab.place.spot),
      name: () => 'admin'
    });
    app.commands.addCommand(CommandIDs.restoreAdmin, {
      label: trans.__('Restore Mesh administration'),
      isVisible: () => false,
      // The pages say themselves when one may no longer see them.
      execute: args => tab.open(args)
    });
    app.commands.addCommand(CommandIDs.openLinkedAdmin, {
      label: trans.__('Open a link to Mesh administration'),
      isVisible: () => false,
      execute: async args => {
        const linked = spotOfAddress(args['request']);
        // What the workspace remembers comes first, so that the link has the last word.
        await app.restored;
        if (linked !== null) {
          tab.open(argsOf(linked));
          const { pathname } = window.location;
          router?.navigate(pathname.slice(router.base.length - 1), { skipRouting: true });
        }
      }
    });
    router?.register({ command: CommandIDs.openLinkedAdmin, pattern: LINK });
    palette?.addItem({ command: CommandIDs.openAdmin, category: trans.__('LLM Mesh') });
    model.me.changed.connect(() => {
      app.commands.notifyCommandChanged(CommandIDs.openAdmin);
      if (mayGo() && !tab.isLaunchable) {
        tab.isLaunchable = true;
        launcher?.add({
          command: CommandIDs.openAdmin,
          category: trans.__('LLM Mesh'),
          rank: 3
        });
      }
    });
  }
};

/** One tab, made when it is first asked for. */
class AdminTab {
  constructor(
    app: JupyterFrontEnd,
    private readonly surroundings: ISurroundings,
    private readonly shell: ILabShell
  ) {
    const transport = new Transport(labWire(app.serviceManager.serverSettings));
    this.admin = {
      store: new AdminStore(new AdminClient(transport)),
      place: this.place,
      trans: surroundings.trans,
      pagesFor: pagesInLab,
      elsewhere: (me, spot) => addressOfSite(me, window.location.href, spot),
      linkTo: spot => addressOf(spot, URLExt.join(PageConfig.getBaseUrl(), 'lab'))
    };
    // The sidebar shows the same models and budgets.
    this.admin.store.saved.connect(() => void surroundings.model.refresh());
    const follow = renewal(this.admin);
    surroundings.model.policyChanged.connect(follow);
    this.place.changed.connect(() => {
      const widget = this.tracker.currentWidget;
      if (widget) {
        void this.tracker.save(widget);
      }
    });
  }

  readonly place = new Place();
  readonly tracker = new WidgetTracker<MainAreaWidget<ReactWidget>>({
    namespace: 'jupyter-mesh-admin'
  });
  /** Whether the launcher has its card. */
  isLaunchable = false;

  /** Show the tab; where the arguments name a page, that one. */
  open(args: Record<string, unknown>): void {
    let widget = this.tracker.currentWidget;
    if (args['page'] !== undefined) {
      this.place.go(spotOf(args));
    }
    if (widget === null) {
      widget = this.make();
      void this.tracker.add(widget);
      this.shell.add(widget, 'main');
    }
    this.shell.activateById(widget.id);
  }

  private make(): MainAreaWidget<ReactWidget> {
    const { trans } = this.surroundings;
    const content = ReactWidget.create(<AdminView admin={this.admin} />);
    content.addClass('jp-mesh-AdminPanel');
    const widget = new MainAreaWidget({ content });
    widget.id = 'jupyter-mesh-admin';
    widget.title.label = trans.__('Mesh administration');
    widget.title.icon = meshIcon;
    widget.title.closable = true;
    return widget;
  }

  private readonly admin: IAdmin;
}
