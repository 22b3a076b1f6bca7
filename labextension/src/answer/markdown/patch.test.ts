import { expect, test } from 'vitest';

import { element } from '../dom';
import { markOpaque } from './opaque';
import { patchChildren } from './patch';

function paragraph(...parts: (Node | string)[]): HTMLElement {
  return element('p', '', ...parts);
}

test('text that grows keeps its node', () => {
  const parent = element('div', '', paragraph('Hello', element('b', '', 'x')));
  const text = parent.firstChild?.firstChild;
  patchChildren(parent, [paragraph('Hello you', element('b', '', 'y'))]);
  expect(parent.innerHTML).toBe('<p>Hello you<b>y</b></p>');
  expect(parent.firstChild?.firstChild).toBe(text);
});

test('other elements take the place of old ones, surplus ones go', () => {
  const parent = element('div', '', paragraph('a'), paragraph('b'), paragraph('c'));
  patchChildren(parent, [paragraph('a'), element('ul', 'x', element('li', '', 'b'))]);
  expect(parent.innerHTML).toBe('<p>a</p><ul class="x"><li>b</li></ul>');
});

test('attributes follow', () => {
  const parent = element('div', '', element('p', 'one'));
  const wanted = element('p');
  wanted.dir = 'rtl';
  patchChildren(parent, [wanted]);
  expect(parent.innerHTML).toBe('<p dir="rtl"></p>');
});

test('children before the start index are left alone', () => {
  const parent = element('div', '', paragraph('kept'), paragraph('b'));
  patchChildren(parent, [paragraph('new')], 1);
  expect(parent.textContent).toBe('keptnew');
});

test('what somebody else filled is kept while its key is the same', () => {
  const parent = element('div', '', markOpaque(element('code', '', 'x = 1'), 'x = 1'));
  const [coloured] = Array.from(parent.children);
  coloured.replaceChildren(element('span', 'keyword', 'x'), ' = 1');
  patchChildren(parent, [markOpaque(element('code', '', 'x = 1'), 'x = 1')]);
  expect(parent.firstChild).toBe(coloured);
  expect(coloured.querySelector('.keyword')).not.toBeNull();
  patchChildren(parent, [markOpaque(element('code', '', 'x = 2'), 'x = 2')]);
  expect(parent.innerHTML).toBe('<code>x = 2</code>');
});
