import { RenderMimeRegistry } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { type JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { type IAnswerHost } from './answer-host';
import { AnswerRenderer } from './answer-renderer';
import { AnswerView } from './answer-view';
import { ANSWER_MIME } from './bundle';
import { StreamedTexts } from './streamed-texts';

const rendermime = new RenderMimeRegistry();

function host(more: Partial<IAnswerHost> = {}): IAnswerHost {
  return {
    trans: nullTranslator.load('jupyter_mesh'),
    formulas: null,
    colours: null,
    copy: () => Promise.resolve(),
    canInsert: true,
    insertBelow: vi.fn(),
    regenerateRefusal: () => null,
    regenerate: vi.fn(),
    canShowDetails: true,
    showDetails: vi.fn(),
    isWriting: () => true,
    isLocal: () => false,
    ...more
  };
}

function model(bundle: JSONObject, plain = '') {
  return rendermime.createModel({ data: { [ANSWER_MIME]: bundle, 'text/plain': plain } });
}

function streaming(update: JSONObject): JSONObject {
  return { version: 1, id: 's', state: 'streaming', format: 'markdown', ...update };
}

const renderers: AnswerRenderer[] = [];

function attached(given = host(), texts = new StreamedTexts()): AnswerRenderer {
  const renderer = new AnswerRenderer(texts, () => given);
  renderers.push(renderer);
  Widget.attach(renderer, document.body);
  return renderer;
}

const nextFrame = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

afterEach(() => renderers.splice(0).forEach(renderer => renderer.dispose()));

describe('a stream', () => {
  test('is drawn at most once a frame, and no update is lost', async () => {
    const draw = vi.spyOn(AnswerView.prototype, 'update');
    const renderer = attached();
    await renderer.renderModel(model(streaming({ text: '' })));
    await nextFrame();
    draw.mockClear();
    for (let offset = 0; offset < 100; offset += 1) {
      await renderer.renderModel(model(streaming({ offset, append: 'x' })));
    }
    expect(draw).toHaveBeenCalledTimes(0);
    await nextFrame();
    expect(draw).toHaveBeenCalledTimes(1);
    expect(renderer.node.querySelector('.jp-mesh-Answer-body')?.textContent).toBe('x'.repeat(100));
    draw.mockRestore();
  });

  test('is not drawn while it is not on the page, and whole when it is again', async () => {
    const renderer = attached();
    await renderer.renderModel(model(streaming({ text: 'One' })));
    Widget.detach(renderer);
    await renderer.renderModel(model(streaming({ offset: 3, append: ' two' })));
    await nextFrame();
    expect(renderer.node.textContent).not.toContain('two');
    Widget.attach(renderer, document.body);
    await nextFrame();
    expect(renderer.node.textContent).toContain('One two');
  });

  test('goes on in a view that was opened later', async () => {
    const texts = new StreamedTexts();
    await attached(host(), texts).renderModel(model(streaming({ text: 'One' })));
    const later = attached(host(), texts);
    await later.renderModel(model(streaming({ offset: 3, append: ' two' })));
    expect(later.node.textContent).toContain('One two');
  });

  test('without anybody to finish it is called incomplete', async () => {
    const renderer = attached(host({ isWriting: () => false }));
    await renderer.renderModel(model(streaming({ text: 'Half' })));
    expect(renderer.node.querySelector('.jp-mesh-Answer-chip')?.textContent).toBe('incomplete');
    expect(renderer.node.querySelector('.jp-mod-caret')).toBeNull();
    expect(renderer.node.querySelector('[aria-busy=true]')).toBeNull();
  });

  test('says when it has ended, to those who cannot see it', async () => {
    const renderer = attached();
    await renderer.renderModel(model(streaming({ text: 'One' })));
    expect(renderer.node.querySelector('[role=status]')?.textContent).toBe('');
    await renderer.renderModel(model({ id: 's', state: 'done', text: 'One.' }));
    await nextFrame();
    expect(renderer.node.querySelector('[role=status]')?.textContent).toBe(
      'The answer is complete.'
    );
  });
});

test('a comparison has a column for each answer, with the same parts', async () => {
  const renderer = attached();
  const columns = ['a', 'b', 'c'].map(id => ({
    id,
    state: 'done',
    text: `Text ${id}`,
    model: `m/${id}`
  }));
  await renderer.renderModel(model({ version: 1, id: 'c', state: 'done', compare: columns }));
  const headings = renderer.node.querySelectorAll('.jp-mesh-Answer-columnHeading');
  expect(Array.from(headings, heading => heading.textContent)).toEqual(['m/a', 'm/b', 'm/c']);
  expect(renderer.node.querySelectorAll('.jp-mesh-Answer-footer')).toHaveLength(3);
});

test('what is no answer is shown as its plain text', async () => {
  const renderer = attached();
  await renderer.renderModel(model({ version: 9, unknown: true }, 'The plain <b>text</b>'));
  expect(renderer.node.querySelector('pre')?.textContent).toBe('The plain <b>text</b>');
  await renderer.renderModel(model({ id: 'a', state: 'done', text: 'Readable' }));
  expect(renderer.node.querySelector('.jp-mesh-Answer-body')?.textContent).toBe('Readable');
});

describe('buttons', () => {
  const answer = { id: 'a', state: 'done', text: '```js\nlet x;\n```', request_id: 'r1' };
  const press = (renderer: AnswerRenderer, name: string) =>
    renderer.node.querySelector<HTMLButtonElement>(`button[aria-label^="${name}"]`)?.click();

  test('insert without running, and show details', async () => {
    const [insertBelow, showDetails, regenerate] = [vi.fn(), vi.fn(), vi.fn()];
    const renderer = attached(host({ insertBelow, showDetails, regenerate }));
    await renderer.renderModel(model(answer));
    press(renderer, 'Insert this code');
    expect(insertBelow).toHaveBeenLastCalledWith('code', 'let x;');
    press(renderer, 'Insert as a Markdown cell');
    expect(insertBelow).toHaveBeenLastCalledWith('markdown', answer.text);
    press(renderer, 'Show how the gateway');
    expect(showDetails).toHaveBeenCalledWith('r1');
    press(renderer, 'Ask another model');
    expect(regenerate).toHaveBeenCalledTimes(1);
  });

  test('that cannot do anything say why, and do nothing', async () => {
    const [insertBelow, regenerate] = [vi.fn(), vi.fn()];
    const regenerateRefusal = () => 'no model is open to you yet';
    const renderer = attached(
      host({ canInsert: false, insertBelow, regenerate, regenerateRefusal })
    );
    await renderer.renderModel(model(answer));
    press(renderer, 'Insert');
    press(renderer, 'Ask another model');
    expect(insertBelow).not.toHaveBeenCalled();
    expect(regenerate).not.toHaveBeenCalled();
    const refused = renderer.node.querySelectorAll('button[aria-disabled=true]');
    expect(Array.from(refused, button => button.getAttribute('aria-label'))).toEqual([
      expect.stringContaining('(there is no notebook here)'),
      expect.stringContaining('(no model is open to you yet)')
    ]);
  });
});
