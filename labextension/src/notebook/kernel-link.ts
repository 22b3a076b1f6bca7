import { type NotebookPanel } from '@jupyterlab/notebook';
import { type CommsOverSubshells, type Kernel, type KernelMessage } from '@jupyterlab/services';
import { type JSONObject } from '@lumino/coreutils';

import { readChoice } from './choice';

const TARGET = 'jupyter_mesh.notebook';

/** What the kernel says back on the link. */
export interface IKernelEvents {
  modelsChanged(): void;
  callFinished(): void;
}

/**
 * Tells a notebook's kernel, just before a cell runs, which notebook and which choice the cell belongs to.
 *
 * Two notebooks may share a kernel, so this is said again before every cell; messages of one kernel keep their order.
 */
export class KernelLink {
  constructor(private readonly events: IKernelEvents) {}

  /** True once the notebook's present kernel was told anything: its cells may use the client then. */
  isOpen(panel: NotebookPanel): boolean {
    const open = this._links.get(panel);
    const kernel = panel.sessionContext.session?.kernel;
    return open !== undefined && open.kernel === kernel && !open.comm.isDisposed;
  }

  /** Send the notebook's present path, model and purpose. Does nothing where there is no kernel. */
  announce(panel: NotebookPanel, document: string): void {
    const kernel = panel.sessionContext.session?.kernel;
    const notebook = panel.content.model;
    if (!kernel || !notebook || !kernel.handleComms) {
      return;
    }
    const context: JSONObject = { document, ...readChoice(notebook), renderer: 1 };
    const open = this._links.get(panel);
    if (open && open.kernel === kernel && !open.comm.isDisposed) {
      open.comm.send(context);
      return;
    }
    this._links.set(panel, { kernel, comm: this.open(kernel, context) });
  }

  private open(kernel: Kernel.IKernelConnection, context: JSONObject): Kernel.IComm {
    const comm = kernel.createComm(TARGET);
    // On a subshell the message could overtake, or be overtaken by, the cell it belongs to.
    comm.commsOverSubshells = 'disabled' as CommsOverSubshells;
    comm.onMsg = message => this.receive(message);
    comm.open(context);
    return comm;
  }

  private receive({ content }: KernelMessage.ICommMsgMsg): void {
    const { type } = content.data;
    if (type === 'models_changed') {
      this.events.modelsChanged();
    } else if (type === 'call_finished') {
      this.events.callFinished();
    }
  }

  private readonly _links = new WeakMap<
    NotebookPanel,
    { kernel: Kernel.IKernelConnection; comm: Kernel.IComm }
  >();
}
