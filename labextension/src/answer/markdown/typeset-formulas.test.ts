import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { element } from '../dom';
import { formula } from './formula';
import { Formulas, reduceTypeset } from './typeset-formulas';

const trans = nullTranslator.load('jupyter_mesh');

/** A typesetter that makes an element of each formula and notes what it was given. */
function typesetter(given: string[][]) {
  return {
    typeset: (node: HTMLElement): void => {
      const places = Array.from(node.children);
      given.push(places.map(place => place.textContent ?? ''));
      for (const place of places) {
        place.replaceChildren(element('span', 'typeset', place.textContent ?? ''));
      }
    }
  };
}

test('formulas are typeset together, each one once', async () => {
  const given: string[][] = [];
  const formulas = new Formulas(typesetter(given), trans);
  const root = element('div', '', formula('x', false), ' and ', formula('y', true));
  await formulas.typeset(root, root);
  await formulas.typeset(root, root);
  expect(given).toEqual([['\\(x\\)', '\\[y\\]']]);
  expect(root.querySelectorAll('.jp-mesh-Answer-formula.jp-mod-typeset > .typeset')).toHaveLength(
    2
  );
  expect(root.querySelector('.jp-mesh-Answer-bench')).toBeNull();
});

test('formulas that ask for more than drawing stay as their source and say why', async () => {
  const given: string[][] = [];
  const formulas = new Formulas(typesetter(given), trans);
  const root = element('div', '', formula('\\href{javascript:x}{y}', false));
  await formulas.typeset(root, root);
  expect(given).toEqual([]);
  expect(root.textContent).toBe('\\(\\href{javascript:x}{y}\\)');
  expect(root.querySelector<HTMLElement>('.jp-mod-refused')?.title).toContain('\\href');
});

test('a typesetter that fails leaves the source', async () => {
  const failing = { typeset: () => Promise.reject(new Error('no')) };
  const root = element('div', '', formula('x', false));
  await new Formulas(failing, trans).typeset(root, root);
  expect(root.textContent).toBe('\\(x\\)');
});

/** What a typesetter might make of a formula that got past the list of refused commands. */
test.each([
  ['<mjx-math><a href="https://evil.example">x</a></mjx-math>', '<mjx-math>x</mjx-math>'],
  ['<math href="javascript:x"><mi>x</mi></math>', '<math><mi>x</mi></math>'],
  ['<math><maction actiontype="toggle"><mi>x</mi></maction></math>', '<math>x</math>'],
  ['<math><mglyph src="https://evil.example"></mglyph></math>', '<math></math>'],
  ['<mjx-mi id="main" onclick="x" data-x="y" class="a">x</mjx-mi>', '<mjx-mi class="a">x</mjx-mi>'],
  [
    '<svg><use href="https://evil.example#x"></use><path d="M0"></path></svg>',
    '<svg><path d="M0"></path></svg>'
  ],
  ['<svg><image xlink:href="https://evil.example"></image></svg>', '<svg></svg>'],
  ['<img src="https://evil.example"><script>x</script>', 'x'],
  [
    '<mjx-mi style="background-image: url(https://evil.example); position: fixed; top: 1em;"></mjx-mi>',
    '<mjx-mi style="top: 1em;"></mjx-mi>'
  ],
  [
    '<mjx-mi style="width: 2em; vertical-align: -1px;"></mjx-mi>',
    '<mjx-mi style="width: 2em; vertical-align: -1px;"></mjx-mi>'
  ]
])('%s is reduced', (made, left) => {
  const root = element('div');
  root.innerHTML = made;
  reduceTypeset(root);
  expect(root.innerHTML).toBe(left);
});
