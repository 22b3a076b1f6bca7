import { expect, test } from 'vitest';

import { ProseReader } from './prose';

/** What is marked in each line, as `kind:text`. */
function marked(text: string): string[][] {
  const reader = new ProseReader();
  return text
    .split('\n')
    .map(line => reader.read(line).map(({ kind, from, to }) => `${kind}:${line.slice(from, to)}`));
}

test.each([
  ['# Title', ['heading:# Title']],
  ['#hashtag', []],
  ['- item', ['bullet:-']],
  ['12) item', ['bullet:12)']],
  ['-5 degrees', []],
  ['> said', ['quote:>']],
  ['a **bold** word', ['strong:**bold**']],
  ['2 ** 3 ** 4', []],
  ['an *easy* word', ['emphasis:*easy*']],
  ['snake_case_name', []],
  ['3 * 4 * 5', []],
  ['use `x**2` here', ['code:`x**2`']],
  ['``a ` b``', ['code:``a ` b``']],
  ['see https://example.org/a(b) now', ['link:https://example.org/a']],
  ['sum {{df.head()}} up', ['variable:{{df.head()}}']],
  ['{{ {"a": 1}["a"] }} and {{b}}', ['variable:{{ {"a": 1}["a"] }}', 'variable:{{b}}']],
  ['{single} and {{open', []],
  ['日本語の **太字** と {{変数}}', ['strong:**太字**', 'variable:{{変数}}']],
  ['', []]
])('%j', (line, marks) => {
  expect(marked(line)).toEqual([marks]);
});

test('a fence runs until one of its kind closes it', () => {
  expect(marked('```python\n# no heading\n~~~\n{{x}}\n```\n# heading')).toEqual([
    ['fence:```python'],
    ['fence:# no heading'],
    ['fence:~~~'],
    ['fence:{{x}}', 'variable:{{x}}'],
    ['fence:```'],
    ['heading:# heading']
  ]);
});

test('a longer fence is not closed by a shorter one', () => {
  expect(marked('````\n```\n````\n**b**').at(-1)).toEqual(['strong:**b**']);
});
