import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, test, vi } from 'vitest';

import HOSTILE from './hostile.fixture.json';
import { MarkdownView } from './view';

const trans = nullTranslator.load('jupyter_mesh');

function shown(source: string): HTMLElement {
  const view = new MarkdownView(trans);
  view.update(source, false);
  return view.node;
}

function html(source: string): string {
  return shown(source).innerHTML.replace(/ data-lm-suppress-shortcuts="true"/g, '');
}

describe('Markdown becomes', () => {
  test.each([
    ['Hello *there*, **you**', '<p dir="auto">Hello <em>there</em>, <strong>you</strong></p>'],
    ['# One', '<h3 class="jp-mesh-Answer-heading-1" dir="auto">One</h3>'],
    ['###### Six', '<h6 class="jp-mesh-Answer-heading-6" dir="auto">Six</h6>'],
    ['a\n\n---\n\nb', '<p dir="auto">a</p><hr><p dir="auto">b</p>'],
    ['> q', '<blockquote dir="auto"><p dir="auto">q</p></blockquote>'],
    ['3. a\n4. b', '<ol start="3"><li dir="auto">a</li><li dir="auto">b</li></ol>'],
    ['- a\n  - b', '<ul><li dir="auto">a<ul><li dir="auto">b</li></ul></li></ul>'],
    [
      '~~x~~ `<b>`',
      '<p dir="auto"><del>x</del> <code class="jp-mesh-Answer-codeSpan">&lt;b&gt;</code></p>'
    ],
    ['a  \nb<br>c', '<p dir="auto">a<br>b<br>c</p>'],
    ['H<sub>2</sub>O', '<p dir="auto">H<sub>2</sub>O</p>'],
    ['<sub>open', '<p dir="auto">&lt;sub&gt;open</p>'],
    ['<sub class="x">a</sub>', '<p dir="auto">&lt;sub class="x"&gt;a&lt;/sub&gt;</p>'],
    ['AT&amp;T &eacute; &#955; &nope;', '<p dir="auto">AT&amp;T é λ &amp;nope;</p>'],
    ['&amp;lt;', '<p dir="auto">&amp;lt;</p>'],
    ['&#38;lt;', '<p dir="auto">&amp;lt;</p>'],
    ['$5 and $10', '<p dir="auto">$5 and $10</p>'],
    ['\\*not\\*', '<p dir="auto">*not*</p>']
  ])('%j', (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  test('a table with alignment, in a frame that scrolls', () => {
    const table = shown('| a | b |\n|:-:|--:|\n| 1 | **2** |');
    expect(table.querySelector('.jp-mesh-Answer-table > table > thead > tr > th')?.className).toBe(
      'jp-mesh-Answer-align-center'
    );
    expect(table.querySelector('td.jp-mesh-Answer-align-right strong')?.textContent).toBe('2');
  });

  test('tasks that say whether they are done', () => {
    const marks = shown('- [x] one\n- [ ] two').querySelectorAll(
      'li.jp-mesh-Answer-task > [role=img]'
    );
    expect(Array.from(marks, mark => mark.getAttribute('aria-label'))).toEqual(['Done', 'To do']);
    expect(shown('- [x] one').textContent).toBe('one');
  });

  test('code with its language and two buttons', () => {
    const block = shown('```python title="x"\nprint("<b>")\n```');
    expect(block.querySelector('.jp-mesh-Answer-codeLanguage')?.textContent).toBe('python');
    expect(block.querySelector('code')?.textContent).toBe('print("<b>")');
    expect(block.querySelectorAll('button[type=button][aria-label]')).toHaveLength(2);
  });

  test('formulas, in lines and displayed', () => {
    const formulas = shown(
      'Let $x_1$ be \\(y\\).\n\n$$\n\\frac12\n$$\n\n\\[ z \\]'
    ).querySelectorAll('.jp-mesh-Answer-formula');
    expect(Array.from(formulas, formula => formula.textContent)).toEqual([
      '\\(x_1\\)',
      '\\(y\\)',
      '\\[\\frac12\\]',
      '\\[z\\]'
    ]);
  });

  test('footnotes without links', () => {
    const notes = shown('Yes[^a].\n\n[^a]: Because *so*.');
    expect(notes.querySelector('.jp-mesh-Answer-footnote')?.textContent).toBe('a Because so.');
    expect(notes.querySelectorAll('a')).toHaveLength(0);
  });

  test('HTML blocks are shown as code', () => {
    const block = shown('<div>\n<b>x</b>\n</div>');
    expect(block.querySelector('code')?.textContent).toBe('<div>\n<b>x</b>\n</div>');
    expect(block.querySelector('b')).toBeNull();
  });

  test('nesting beyond reason is still readable', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(shown('>'.repeat(5000) + ' deep').textContent).toContain('deep');
    expect(shown('- '.repeat(3000) + 'deep').textContent).toContain('deep');
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe('links', () => {
  test.each([
    ['[docs](https://a.example/x)', 'docs\u00a0(a.example)'],
    ['[https://good.example](https://evil.example)', 'https://good.example\u00a0(evil.example)'],
    ['<https://a.example/x>', 'https://a.example/x'],
    ['www.a.example', 'www.a.example'],
    ['[](https://a.example)', 'a.example'],
    ['[пример](https://пример.example)', 'пример\u00a0(xn--e1afmkfd.example)']
  ])('%j leads away and says where', (source, text) => {
    const [link] = Array.from(shown(source).querySelectorAll('a'));
    expect(shown(source).textContent).toBe(text);
    expect(link.rel).toBe('noopener noreferrer');
    expect(link.target).toBe('_blank');
    expect(link.protocol).toMatch(/^https?:$/);
  });

  test.each([
    ['[a](javascript:alert(1))', 'a (javascript:alert(1))'],
    ['[a](JaVaScRiPt&colon;alert(1))', 'a (JaVaScRiPt:alert(1))'],
    ['[a](java&Tab;script:alert(1))', 'a (java script:alert(1))'],
    ['[a](vbscript:x)', 'a (vbscript:x)'],
    ['[a](data:text/html,x)', 'a (data:text/html,x)'],
    ['[a](//evil.example/x)', 'a (//evil.example/x)'],
    ['[a](/hub/logout)', 'a (/hub/logout)'],
    ['[a](https://good.example@evil.example)', 'a (https://good.example@evil.example)'],
    ['[a](https:evil.example)', 'a (https:evil.example)'],
    ['[a](file:///etc/passwd)', 'a (file:///etc/passwd)'],
    ['me@a.example', 'me@a.example']
  ])('%j is no link', (source, text) => {
    expect(shown(source).textContent).toBe(text);
    expect(shown(source).querySelectorAll('a')).toHaveLength(0);
  });

  test('an image is a description with its host, never a picture', () => {
    const answer = shown('![A cat](https://evil.example/?q=SECRET)');
    expect(answer.textContent).toBe('Image, not loaded: A cat open\u00a0(evil.example)');
    expect(answer.querySelectorAll('img')).toHaveLength(0);
  });

  test('an image in a link makes no second link', () => {
    const answer = shown('[![x](https://a.example/i)](https://b.example)');
    expect(answer.querySelectorAll('a')).toHaveLength(1);
    expect(answer.querySelectorAll('a a')).toHaveLength(0);
  });
});

const ALLOWED =
  'p,h3,h4,h5,h6,ul,ol,li,blockquote,pre,code,span,div,table,thead,tbody,tr,th,td,' +
  'strong,em,del,sub,sup,kbd,mark,u,s,br,hr,a,button';

test.each(HOSTILE)('hostile: %j leaves nothing but text and our own controls', source => {
  const error = vi.spyOn(console, 'error');
  const answer = shown(source);
  // The allow-list had nothing to remove: an image that is made loads, removed or not.
  expect(error).not.toHaveBeenCalled();
  error.mockRestore();
  for (const node of Array.from(answer.querySelectorAll('*'))) {
    if (node.closest('button > span')) {
      continue; // an icon of ours
    }
    expect(node.matches(ALLOWED), node.outerHTML).toBe(true);
    for (const { name, value } of Array.from(node.attributes)) {
      expect(name).toMatch(
        /^(class|dir|role|aria-label|tabindex|start|href|target|rel|type|title|data-lm-suppress-shortcuts)$/
      );
      expect(`${name}=${value}`).not.toMatch(/^href=(?!https?:\/\/)/);
    }
    expect(node.matches('button:not(.jp-mesh-Answer-codeCopy, .jp-mesh-Answer-codeInsert)')).toBe(
      false
    );
  }
});

const DOCUMENT = [
  '# Title\n\nA paragraph with **bold**, `code`, a [link](https://a.example) and $x^2$.',
  'Setext?\n- one\n- two\n  1. deep\n\n  loose\n- three',
  '| a | b |\n|---|---|\n| 1 | `2` |\n| 3 | 4 |',
  '```python\ndef f():\n    return "# no heading"\n\n- no list\n```',
  '> quote\n> more\n\n[ref][r] and *emphasis*\n\n$$\na = b\n$$',
  '1. a\n\n   ```js\n   let x;\n   ```\n2. b\n\nEnd 🎉 with 漢字 and עברית.\n\n[r]: https://r.example "t"'
].join('\n\n');

describe('a growing text', () => {
  test.each([1, 3, 7, 40])(
    'in steps of %i ends as the whole text does',
    step => {
      const view = new MarkdownView(trans);
      for (let end = 0; end < DOCUMENT.length; end += step) {
        view.update(DOCUMENT.slice(0, end), true);
      }
      view.update(`${DOCUMENT}\n`, true);
      expect(view.node.textContent).toBe(shown(DOCUMENT).textContent);
      view.update(DOCUMENT, false);
      expect(view.node.innerHTML).toBe(shown(DOCUMENT).innerHTML);
    },
    60_000
  );

  test('keeps its nodes when it is whole', () => {
    const view = new MarkdownView(trans);
    view.update(DOCUMENT, true);
    const before = Array.from(view.node.children);
    view.update(DOCUMENT, false);
    expect(before.filter(node => !node.isConnected && node.parentNode === null)).toEqual([]);
  });

  test('whose link addresses come last is read again from the start', () => {
    const view = new MarkdownView(trans);
    const text = 'See [a].\n\none\n\ntwo\n\nthree\n\n[a]: https://a.example\n';
    for (let end = 0; end <= text.length; end += 1) {
      view.update(text.slice(0, end), true);
    }
    expect(view.node.querySelector('a')?.href).toBe('https://a.example/');
    expect(view.node.children).toHaveLength(4);
  });

  test('keeps the nodes of what is settled', () => {
    const view = new MarkdownView(trans);
    view.update('# A\n\none\n\ntwo\n\nthr', true);
    const before = Array.from(view.node.children);
    view.update('# A\n\none\n\ntwo\n\nthree\n\nfour\n\nfive', true);
    expect(Array.from(view.node.children).slice(0, 4)).toEqual(before);
    expect(view.node.children[0]).toBe(before[0]);
    expect(view.node.children[3]).toBe(before[3]);
  });

  test('that is replaced by another is shown anew', () => {
    const view = new MarkdownView(trans);
    view.update('one\n\ntwo\n\nthree\n\nfour', true);
    view.update('else', true);
    expect(view.node.textContent).toBe('else');
  });

  test('reads only its end again', () => {
    const paragraphs = Array.from({ length: 400 }, (_, i) => `Paragraph ${i} with *words*.`);
    const view = new MarkdownView(trans);
    view.update(paragraphs.join('\n\n'), true);
    let made = 0;
    const create = document.createElement.bind(document);
    document.createElement = (name: string) => {
      made += 1;
      return create(name);
    };
    try {
      view.update(`${paragraphs.join('\n\n')} More.`, true);
    } finally {
      document.createElement = create;
    }
    expect(made).toBeLessThan(10);
  });
});
