import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { adminPlugin } from '../admin/plugin';
import { type MeshClient } from '../api/client';
import { MeshRequestError } from '../api/errors';
import { type CostSummary, type Me, type Models, type Offer, type Spend } from '../api/types';
import { modelCard } from '../catalogue/model-card.fixture';
import { CommandIDs } from '../command-ids';
import { MeshModel } from '../model/mesh-model';
import { NotebookContext } from '../notebook/context';
import { MeshSettings } from '../settings/mesh-settings';
import { type ISurroundings } from '../ui/surroundings';
import { MeshSidePanel } from './side-panel';

const spend = (cost: string, changes: Partial<Spend> = {}): Spend => ({
  cost_usd: cost,
  saved_usd: '0',
  saved_by_fallback_usd: '0',
  fixed_usd: '0',
  calls: 3,
  cached_calls: 0,
  input_tokens: 10,
  output_tokens: 5,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  input_audio_tokens: 0,
  output_audio_tokens: 0,
  input_image_tokens: 0,
  unpriced: 0,
  ...changes
});
const costs: CostSummary = {
  document: null,
  notebook: null,
  notebook_series: [],
  today: spend('1.204000000001'),
  month: spend('18.2', { unpriced: 2 }),
  month_by_model: [{ name: 'openai/gpt-5', spend: spend('18.199999999999') }],
  month_by_application: [],
  budgets: []
};
const me: Me = {
  user: 'ada',
  groups: [],
  scopes: ['use'],
  via: 'browser',
  host: 'personal',
  site: null,
  version: '0',
  purposes: [],
  purpose_required: false,
  default_model: null,
  admin_contact: 'admin@example.org'
};
const catalogue: Models = {
  models: [
    modelCard('openai/gpt-5', { capabilities: ['vision'] }),
    modelCard('local/qwen', { residency: 'local' }),
    modelCard('openai/embed', { operations: ['embedding'] })
  ],
  offers: [],
  default_model: 'openai/gpt-5'
};

const demo = modelCard('echo/echo', { offline_demo: true });
const offer: Offer = {
  id: 'ollama',
  title: 'Ollama on this machine',
  provider: 'openai',
  models: ['llama3'],
  price_note: 'No charge.',
  key_note: null,
  residency: 'local'
};

/** The sidebar over a gateway that answers so; what `client` says comes first. */
async function show(client: Partial<MeshClient> = {}) {
  const setPreference = vi.fn(({ default_model }: { default_model: string | null }) =>
    Promise.resolve({ ...me, default_model })
  );
  const model = new MeshModel({
    me: () => Promise.resolve(me),
    models: () => Promise.resolve(catalogue),
    costs: () => Promise.resolve(costs),
    calls: () => Promise.resolve({ calls: [], next: null }),
    setPreference,
    ...client
  } as unknown as MeshClient);
  const settings = new MeshSettings(null);
  const surroundings: ISurroundings = {
    model,
    settings,
    notebooks: new NotebookContext(
      null,
      { localPath: (path: string) => path } as never,
      model,
      settings
    ),
    commands: new CommandRegistry(),
    trans: nullTranslator.load('jupyter_mesh')
  };
  const panel = new MeshSidePanel(surroundings, nullTranslator);
  panel.hide();
  Widget.attach(panel, document.body);
  const atFirst = new Promise<string>(resolve => {
    requestAnimationFrame(() => setTimeout(() => resolve(panel.node.innerHTML)));
  });
  panel.show();
  return {
    panel,
    model,
    settings,
    commands: surroundings.commands,
    setPreference,
    firstPaint: await atFirst
  };
}

const one = (panel: Widget, selector: string): HTMLElement => {
  const found = panel.node.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`${selector} is not in ${panel.node.innerHTML}`);
  }
  return found;
};
const press = (key: string): void => {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
};
const focused = (): string | undefined => (document.activeElement as HTMLElement).dataset['row'];

afterEach(() => {
  document.body.replaceChildren();
  Signal.clearData(globalThis);
});

describe('the sidebar', () => {
  test('shows its frame before the gateway has said anything', async () => {
    const { firstPaint } = await show({ models: () => new Promise(() => undefined) });
    expect(firstPaint).toContain('LLM Mesh');
    expect(firstPaint).toContain('jp-mesh-Skeleton');
  });

  test('shows the gateway’s amounts to the last digit, and adds nothing up', async () => {
    const { panel } = await show();
    await vi.waitFor(() => one(panel, '.jp-mesh-Costs'));
    const shown = [...panel.node.querySelectorAll<HTMLElement>('.jp-mesh-Costs [data-usd]')];
    expect(shown.map(({ dataset, title }) => [dataset['usd'], title])).toEqual([
      ['1.204000000001', '$1.204000000001'],
      ['18.2', '$18.20'],
      ['18.199999999999', '$18.199999999999']
    ]);
    expect(one(panel, '.jp-mesh-Costs').textContent).toContain('2 calls whose price is not known');
  });

  test.each([
    ['nothing was found', [demo], [], 'then restart JupyterLab'],
    ['something was found', [demo], [offer], 'connect a real model below'],
    ['a real model is there', [demo, modelCard('openai/gpt-5')], [offer], null]
  ])('says how to get a real model: %s', async (_, models, offers, said) => {
    const { panel } = await show({
      models: () => Promise.resolve({ models, offers, default_model: null })
    });
    await vi.waitFor(() => one(panel, '[role="listbox"] [role="option"]'));
    // What is said depends on where the mesh runs, which another answer tells.
    await vi.waitFor(() => {
      one(panel, '.jp-mesh-Costs');
      const notes = [...panel.node.querySelectorAll('.jp-mesh-Models > .jp-mesh-Note')];
      expect(notes).toHaveLength(said === null ? 0 : 1);
      expect(notes[0]?.textContent ?? '').toContain(said ?? '');
    });
  });

  test('on a hub with nothing but demos says whom to ask, and nothing that its users cannot do', async () => {
    const { panel } = await show({
      me: () => Promise.resolve({ ...me, host: 'hub' }),
      models: () => Promise.resolve({ models: [demo], offers: [], default_model: null })
    });
    await vi.waitFor(() => one(panel, '.jp-mesh-Models > .jp-mesh-Note'));
    const said = one(panel, '.jp-mesh-Models > .jp-mesh-Note').textContent;
    expect(said).toContain('Ask admin@example.org for a real model.');
    expect(said).not.toContain('restart');
  });

  test('the picker can be used by keyboard alone', async () => {
    const { panel, settings, setPreference } = await show();
    await vi.waitFor(() => one(panel, '[role="listbox"] [role="option"]'));
    const search = one(panel, 'input[type="search"]');
    search.focus();
    press('ArrowDown');
    expect(focused()).toBe('local/qwen');
    press('ArrowDown');
    expect(focused()).toBe('openai/gpt-5');
    press('f');
    await vi.waitFor(() => expect(settings.favourites).toEqual(['openai/gpt-5']));
    await vi.waitFor(() =>
      expect(one(panel, '[role="option"]').dataset['row']).toBe('openai/gpt-5')
    );
    await vi.waitFor(() => expect(focused()).toBe('openai/gpt-5'));
    press('End');
    await vi.waitFor(() => expect(focused()).toBe('openai/embed'));
    press('Enter');
    press('Home');
    press('ArrowDown');
    await vi.waitFor(() => expect(focused()).toBe('local/qwen'));
    press('Enter');
    // An embedding model answers no prompts: it is not chosen.
    expect(setPreference.mock.calls).toEqual([[{ default_model: 'local/qwen' }]]);
    await vi.waitFor(() =>
      expect(one(panel, '[data-row="local/qwen"]').getAttribute('aria-selected')).toBe('true')
    );
    press('Escape');
    expect(document.activeElement).toBe(search);
  });

  test('every control has a name, and Tab reaches one row of the list', async () => {
    const { panel } = await show();
    await vi.waitFor(() => one(panel, '[role="option"]'));
    for (const control of panel.node.querySelectorAll<HTMLElement>('button, input, select')) {
      const name =
        control.getAttribute('aria-label') ?? control.closest('label')?.textContent ?? '';
      expect([control.outerHTML, (name || control.textContent).trim() !== '']).toEqual([
        control.outerHTML,
        true
      ]);
    }
    expect(panel.node.querySelectorAll('[role="option"][tabindex="0"]')).toHaveLength(1);
    expect(one(panel, '[role="option"]').getAttribute('aria-label')).toContain(
      '$1.25 in, $10.00 out per million tokens'
    );
  });

  test('says whom to ask where no model is open', async () => {
    const { panel } = await show({
      models: () => Promise.resolve({ models: [], offers: [], default_model: null })
    });
    await vi.waitFor(() => expect(panel.node.textContent).toContain('No model is open to you yet'));
    expect(panel.node.textContent).toContain('Ask admin@example.org');
  });

  test('says once what is wrong where nothing answers, and tries again on demand', async () => {
    const refused = (): Promise<never> => Promise.reject(new MeshRequestError('offline', 'down'));
    let models: () => Promise<Models> = refused;
    const { panel } = await show({ models: () => models(), costs: refused, me: refused });
    await vi.waitFor(() => one(panel, '.jp-mod-trouble'));
    expect(one(panel, '[role="alert"]').textContent).toContain('The gateway does not answer.');
    expect(one(panel, '.jp-SidePanel-content').classList.contains('lm-mod-hidden')).toBe(true);
    models = () => Promise.resolve(catalogue);
    one(panel, '[role="alert"] button').click();
    await vi.waitFor(() => one(panel, '[role="option"]'));
    expect(one(panel, '.jp-SidePanel-content').classList.contains('lm-mod-hidden')).toBe(false);
  });

  test('on a hub without the service says what is missing, and whom to ask', async () => {
    const refused = (): Promise<never> =>
      Promise.reject(new MeshRequestError('unserved', 'nothing', 'hub_service_missing'));
    const { panel } = await show({ models: refused, costs: refused, me: refused });
    await vi.waitFor(() => one(panel, '.jp-mod-trouble'));
    const said = one(panel, '[role="alert"]').textContent;
    expect(said).toContain('This JupyterHub has no mesh service.');
    expect(said).toContain('Ask the admin of your JupyterHub to add one');
    expect(said).not.toContain('Check that the Jupyter server is running');
  });

  test.each([
    ['a user of a hub', false, 'My usage and keys', 'page=usage'],
    ['an admin of a hub', true, 'Mesh administration', 'page=connections']
  ])(
    'the gear leads %s to the service’s site in a tab of its own',
    async (_, administers, name, page) => {
      const site = { url: '/services/mesh/', administers };
      const { panel, model, commands } = await show({ me: () => Promise.resolve({ ...me, site }) });
      const opened = vi.spyOn(window, 'open').mockReturnValue(null);
      const add = vi.fn();
      const app = {
        commands,
        restored: Promise.resolve(),
        serviceManager: { serverSettings: {} },
        shell: { add }
      };
      const shell = { add, activateById: vi.fn() };
      const surroundings = { model, commands, trans: nullTranslator.load('jupyter_mesh') };
      void adminPlugin.activate(app as never, surroundings, shell, null, null, null, null);
      await model.me.refresh();
      await vi.waitFor(() => one(panel, 'button[aria-haspopup="menu"]'));
      one(panel, 'button[aria-haspopup="menu"]').click();
      expect(document.querySelector('.lm-Menu-itemLabel')?.textContent).toBe(name);
      await commands.execute(CommandIDs.openAdmin);
      expect(opened.mock.calls).toEqual([
        [`${window.location.origin}/services/mesh/#${page}`, '_blank', 'noopener']
      ]);
      expect(add).not.toHaveBeenCalled();
      opened.mockRestore();
    }
  );

  test('keeps older figures when the gateway goes away, and says so', async () => {
    let fails = false;
    const { panel, model } = await show({
      costs: () =>
        fails ? Promise.reject(new MeshRequestError('offline', 'down')) : Promise.resolve(costs)
    });
    await vi.waitFor(() => one(panel, '.jp-mesh-Costs'));
    fails = true;
    await model.refresh();
    await vi.waitFor(() => expect(panel.node.textContent).toContain('Figures are from'));
    expect(one(panel, '.jp-mesh-Costs').textContent).toContain('$18.20');
  });
});
