import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { afterEach, describe, expect, test } from 'vitest';

import { MeshSettings } from '../settings/mesh-settings';
import { proseExtension } from './prose-extension';

const views: EditorView[] = [];

function editor(doc: string): EditorView {
  const extensions = proseExtension(new MeshSettings(null));
  const view = new EditorView({
    state: EditorState.create({ doc, extensions }),
    parent: document.body
  });
  views.push(view);
  return view;
}

/** Marked texts as `kind:text`. */
const marked = (view: EditorView): string[] =>
  [...view.contentDOM.querySelectorAll('span[class^="jp-mesh-Prose-"]')].map(
    span => `${span.className.replace('jp-mesh-Prose-', '')}:${span.textContent}`
  );

afterEach(() => {
  for (const view of views.splice(0)) {
    view.destroy();
  }
});

describe('proseExtension', () => {
  test('marks the words of the first line and the prose below', () => {
    const view = editor('%%llm fast -t 0\nSum up {{df}} in **three** points');
    expect(marked(view)).toEqual([
      'magic:%%llm',
      'model:fast',
      'option:-t',
      'value:0',
      'variable:{{df}}',
      'strong:**three**'
    ]);
    expect(view.contentDOM.classList.contains('cm-lineWrapping')).toBe(true);
  });

  test('leaves other cells alone', () => {
    const view = editor('# not a %%llm cell\nx = {{1}}');
    expect(marked(view)).toEqual([]);
    expect(view.contentDOM.querySelector('.jp-mesh-Prose')).toBeNull();
    expect(view.contentDOM.classList.contains('cm-lineWrapping')).toBe(false);
  });

  test('follows the text as it is typed, both ways', () => {
    const view = editor('%%ll');
    view.dispatch({ changes: { from: 4, insert: 'm\n- **a**' } });
    expect(marked(view)).toEqual(['magic:%%llm', 'bullet:-', 'strong:**a**']);
    view.dispatch({ changes: { from: 0, insert: '#' } });
    expect(marked(view)).toEqual([]);
    expect(view.contentDOM.classList.contains('cm-lineWrapping')).toBe(false);
  });

  test('a pasted book is not coloured: typing stays quick', () => {
    const view = editor(`%%llm\n${'word '.repeat(50_000)}`);
    expect(marked(view)).toEqual([]);
  });
});
