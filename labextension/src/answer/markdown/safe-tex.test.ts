import { expect, test } from 'vitest';

import { refusedCommand } from './safe-tex';

test.each([
  ['\\frac{1}{2} + \\alpha', null],
  ['\\begin{pmatrix} a & b \\\\[2pt] c & d \\end{pmatrix}', null],
  ['\\text{class and style} \\newline \\tag{1} \\operatorname{data}', null],
  ['\\hrefs', null],
  ['\\color{red}{x} \\mathbb{R} \\left\\{ x \\right\\}', null],
  ['\\href{javascript:alert(1)}{x}', '\\href'],
  ['x + \\style{color:red}{y}', '\\style'],
  ['\\class{jp-x}{y}', '\\class'],
  ['\\cssId{main}{y}', '\\cssId'],
  ['\\data{x=y}{z}', '\\data'],
  ['\\require{action}', '\\require'],
  ['\\unicode[x]{65}', '\\unicode'],
  ['\\bbox[background:url(x)]{y}', '\\bbox'],
  ['\\def\\x{1}', '\\def'],
  ['\\gdef\\x{1}', '\\gdef'],
  ['\\newcommand{\\x}{1}', '\\newcommand'],
  ['\\renewenvironment{x}{}{}', '\\renewenvironment'],
  ['\\let\\x=\\href', '\\let'],
  ['\\DeclareMathOperator{\\x}{x}', '\\DeclareMathOperator'],
  ['\\htmlStyle{x}{y}', '\\htmlStyle'],
  ['\\htmlId{x}{y}', '\\htmlId'],
  ['\\toggle{a}{b}\\endtoggle', '\\toggle'],
  ['\\texttip{a}{b}', '\\texttip'],
  ['\\mmlToken{mi}[href="x"]{y}', '\\mmlToken'],
  ['\\label{a}', '\\label'],
  ['a \\) b', '\\)'],
  ['\\\\href', null],
  ['x'.repeat(9_000), '…']
])('%j', (tex, refused) => {
  expect(refusedCommand(tex)).toBe(refused);
});
