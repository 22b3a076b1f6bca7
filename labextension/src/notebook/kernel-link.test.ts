import { type NotebookPanel } from '@jupyterlab/notebook';
import { describe, expect, test, vi } from 'vitest';

import { KernelLink } from './kernel-link';

interface IFakeComm {
  isDisposed: boolean;
  commsOverSubshells: string;
  onMsg: (message: unknown) => void;
}

/** A kernel that writes down what it is told, and a notebook on it. */
function setUp(choice: Record<string, unknown> = { model: 'fast' }) {
  const told: unknown[] = [];
  const comms: IFakeComm[] = [];
  const makeKernel = (handleComms = true) => ({
    handleComms,
    createComm: (target: string) => {
      const comm = {
        isDisposed: false,
        commsOverSubshells: 'perCommTarget',
        onMsg: () => undefined,
        open: (data: unknown) => told.push(['open', target, comm.commsOverSubshells, data]),
        send: (data: unknown) => told.push(['send', data])
      };
      comms.push(comm);
      return comm;
    }
  });
  const makePanel = (kernel: unknown) =>
    ({
      sessionContext: { session: { kernel } },
      content: { model: { getMetadata: () => choice } }
    }) as unknown as NotebookPanel;
  const events = { modelsChanged: vi.fn(), callFinished: vi.fn() };
  return { told, comms, makeKernel, makePanel, events, link: new KernelLink(events) };
}

describe('KernelLink', () => {
  test('opens once for a notebook and a kernel, then sends; never on a subshell', () => {
    const { told, makeKernel, makePanel, link } = setUp();
    const panel = makePanel(makeKernel());
    link.announce(panel, 'a.ipynb');
    expect(link.isOpen(panel)).toBe(true);
    link.announce(panel, 'renamed.ipynb');
    const context = { model: 'fast', purpose: null, renderer: 1 };
    expect(told).toEqual([
      ['open', 'jupyter_mesh.notebook', 'disabled', { document: 'a.ipynb', ...context }],
      ['send', { document: 'renamed.ipynb', ...context }]
    ]);
  });

  test('a comm that the kernel closed, or of another kernel, is opened anew', () => {
    const { told, comms, makeKernel, makePanel, link } = setUp();
    const panel = makePanel(makeKernel());
    expect(link.isOpen(panel)).toBe(false);
    link.announce(panel, 'a.ipynb');
    for (const comm of comms) {
      comm.isDisposed = true;
    }
    expect(link.isOpen(panel)).toBe(false);
    link.announce(panel, 'a.ipynb');
    Object.assign(panel.sessionContext.session ?? {}, { kernel: makeKernel() });
    link.announce(panel, 'a.ipynb');
    expect(told.map(entry => (entry as string[])[0])).toEqual(['open', 'open', 'open']);
  });

  test('two notebooks on one kernel each have their own', () => {
    const { comms, makeKernel, makePanel, link } = setUp();
    const kernel = makeKernel();
    link.announce(makePanel(kernel), 'a.ipynb');
    link.announce(makePanel(kernel), 'b.ipynb');
    expect(comms).toHaveLength(2);
  });

  test('says nothing where there is no kernel or the connection carries no comms', () => {
    const { told, makeKernel, makePanel, link } = setUp();
    link.announce(makePanel(null), 'a.ipynb');
    link.announce(makePanel(makeKernel(false)), 'a.ipynb');
    expect(told).toEqual([]);
  });

  test('passes on what the kernel says, and nothing it does not know', () => {
    const { comms, makeKernel, makePanel, events, link } = setUp();
    link.announce(makePanel(makeKernel()), 'a.ipynb');
    for (const type of ['models_changed', 'call_finished', 'call_finished', 'other', undefined]) {
      comms[0]?.onMsg({ content: { data: { type } } });
    }
    expect(events.modelsChanged).toHaveBeenCalledTimes(1);
    expect(events.callFinished).toHaveBeenCalledTimes(2);
  });
});
