import { expect, test } from 'vitest';

import { element } from '../dom';
import { reduce } from './allow-list';
import { anchor } from './links';
import { markOwn } from './own-parts';

/** What a fault elsewhere might let through. */
test.each([
  ['<script>x</script>', 'SCRIPT', 'x'],
  ['<img src="https://evil.example" alt="a">', 'IMG', ''],
  ['<p onclick="x">a</p>', 'P[onclick]', '<p>a</p>'],
  ['<p style="color: red" id="main" data-x="y">a</p>', 'P[style],P[id],P[data-x]', '<p>a</p>'],
  [
    '<a href="javascript:x" rel="noopener noreferrer">a</a>',
    'A[href]',
    '<a rel="noopener noreferrer">a</a>'
  ],
  ['<a href="https://a.example">a</a>', 'A[href]', '<a>a</a>'],
  ['<p href="https://a.example">a</p>', 'P[href]', '<p>a</p>'],
  ['<form><input name="q"><button>Go</button></form>', 'FORM,INPUT,BUTTON', 'Go'],
  ['<svg><a>x</a></svg>', 'svg,a', 'x'],
  ['<pre tabindex="5">x</pre>', 'PRE[tabindex]', '<pre>x</pre>'],
  ['<a target="_top">a</a>', 'A[target]', '<a>a</a>'],
  ['<p role="button">a</p>', 'P[role]', '<p>a</p>']
])('%j is reduced', (html, found, left) => {
  const root = element('div');
  root.innerHTML = html;
  expect(reduce(root).join()).toBe(found);
  expect(root.innerHTML).toBe(left);
});

test('our own controls and links pass', () => {
  const own = markOwn(element('div', '', element('button', '', 'Copy')));
  const root = element('div', '', own, anchor(new URL('https://a.example/x'), 'a'));
  const before = root.innerHTML;
  expect(reduce(root)).toEqual([]);
  expect(root.innerHTML).toBe(before);
});
