import { expect, test } from 'vitest';

import { element } from './dom';
import { placeCaret } from './caret';

test.each([
  ['<p>a</p><p>b <strong>c</strong></p>', 'p', 'b c'],
  ['<ul><li>a<ul><li>b</li></ul></li></ul>', 'li', 'b'],
  ['<table><tbody><tr><td>a</td><td>b</td><td></td></tr></tbody></table>', 'td', 'b'],
  ['<div><div>bar</div><pre><code>x</code></pre></div>', 'pre', 'x'],
  ['<p>a</p><hr>', 'hr', null]
])('%s', (html, name, text) => {
  const root = element('div');
  root.innerHTML = html;
  placeCaret(root, true);
  const marked = root.querySelectorAll('.jp-mod-caret');
  expect(marked).toHaveLength(text === null ? 0 : 1);
  if (text !== null) {
    expect([marked[0].localName, marked[0].textContent]).toEqual([name, text]);
  }
  placeCaret(root, false);
  expect(root.querySelector('.jp-mod-caret')).toBeNull();
});
