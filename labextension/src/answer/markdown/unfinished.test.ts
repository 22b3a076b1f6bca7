import { describe, expect, test } from 'vitest';

import { isOpenFence, presentable } from './unfinished';

describe('of an unfinished text is shown', () => {
  test.each([
    ['Some words', 'Some words'],
    ['A paragraph\n-', 'A paragraph\n'],
    ['A paragraph\n- item', 'A paragraph\n- item'],
    ['A paragraph\n12.', 'A paragraph\n'],
    ['A paragraph\n12. x', 'A paragraph\n12. x'],
    ['A\n\n##', 'A\n\n'],
    ['A\n\n``', 'A\n\n'],
    ['| a | b |', ''],
    ['Text\n\n| a | b |\n|--', 'Text\n\n'],
    ['| a | b |\n|---|---|', ''],
    ['| a | b |\n|---|---|\n', '| a | b |\n|---|---|\n'],
    ['| a | b |\n|---|---|\n| 1', '| a | b |\n|---|---|\n| 1'],
    ['| no table\nbut text', '| no table\nbut text'],
    ['some **bold', 'some **bold**'],
    ['some **bold**', 'some **bold**'],
    ['some **bold** and **more', 'some **bold** and **more**'],
    ['2 ** 3', '2 ** 3'],
    ['call `f(', 'call `f(`'],
    ['call `f()` now', 'call `f()` now'],
    ['see [the docs](https://a.ex', 'see the docs'],
    ['see [the docs](https://a.example)', 'see [the docs](https://a.example)'],
    ['so $$ x = ', 'so '],
    ['so \\(x', 'so '],
    ['so \\(x\\) and', 'so \\(x\\) and'],
    ['A\n\n[ref]: https://a', 'A\n\n'],
    ['A\n\n[ref]: https://a.example\n', 'A\n\n[ref]: https://a.example\n'],
    ['```python\nx = "**', '```python\nx = "**'],
    ['```python\nx = 1\n``', '```python\nx = 1\n'],
    ['```python\nx = 1\n```\n\n**b', '```python\nx = 1\n```\n\n**b**']
  ])('%j as %j', (text, expected) => {
    expect(presentable(text)).toBe(expected);
  });
});

test.each([
  ['```\ncode', true],
  ['```\ncode\n```', false],
  ['```\ncode\n```\n~~~\nmore', true],
  ['````\n```\n', true],
  ['- item\n  ```js\n  x', true],
  ['``` inline ``` text', false],
  ['text', false]
])('%j ends in a fence: %s', (text, expected) => {
  expect(isOpenFence(text)).toBe(expected);
});
