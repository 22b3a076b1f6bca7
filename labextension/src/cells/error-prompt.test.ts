import { expect, test } from 'vitest';

import { helpCell, type IFailure } from './error-prompt';

const failure: IFailure = {
  code: 'x = {"a": 1}\nx["b"]\n',
  name: 'KeyError',
  value: "'b'",
  traceback: ['\u001b[0;31mKeyError\u001b[0m', "KeyError: 'b'"]
};

test('the kernel knows its latest error by itself', () => {
  expect(helpCell('fix', failure, true)).toBe('%llm fix');
  expect(helpCell('explain', failure, true)).toBe('%llm explain');
});

test('an older error is put into the prompt, without colours and not interpolated', () => {
  const lines = helpCell('fix', failure, false).split('\n');
  expect(lines[0]).toBe('%%llm --no-interpolate');
  expect(lines.slice(3)).toEqual([
    '```python',
    'x = {"a": 1}',
    'x["b"]',
    '```',
    '',
    '```',
    'KeyError',
    "KeyError: 'b'",
    '```'
  ]);
});

test('code that holds a fence cannot break out of its own', () => {
  const code = 'doc = """\n````\n"""';
  expect(helpCell('explain', { ...failure, code }, false)).toContain('`````python\n');
});

test('an error without a traceback is named', () => {
  expect(helpCell('explain', { ...failure, traceback: [] }, false)).toContain("KeyError: 'b'");
});

test('of a long traceback the end is kept', () => {
  const traceback = ['start', ...Array<string>(5000).fill('frame'), 'the end'];
  const cell = helpCell('fix', { ...failure, traceback }, false);
  expect(cell.length).toBeLessThan(7000);
  expect(cell).toContain('the end');
  expect(cell).not.toContain('start');
});
