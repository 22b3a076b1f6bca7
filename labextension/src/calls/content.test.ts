import { expect, test } from 'vitest';

import { answerPassages, parameters, plain, promptPassages } from './content';

test('a conversation is its messages in order', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
      ]
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', function: { name: 'look', arguments: '{"at":"it"}' } }]
    },
    { role: 'tool', name: 'look', content: 'a cat' }
  ];
  expect(promptPassages({ model: 'fast', messages })).toEqual([
    { role: 'system', text: 'Be brief.' },
    { role: 'user', text: 'What is this?\n[image_url]' },
    { role: 'assistant', text: 'look({"at":"it"})' },
    { role: 'tool look', text: 'a cat' }
  ]);
});

test.each([
  [{ prompt: 'Once' }, ['Once']],
  [{ input: ['a', 'b'] }, ['a', 'b']],
  [{ query: 'who', documents: ['x', { text: 'y' }] }, ['who', 'x', '{\n "text": "y"\n}']],
  [null, []],
  ['odd', []],
  [{ messages: 'odd' }, []],
  [{ messages: [null, 7] }, ['', '']]
])('%j holds its texts', (request, texts) => {
  expect(promptPassages(request).map(passage => passage.text)).toEqual(texts);
});

test.each([
  [{ text: 'Hello' }, ['Hello']],
  [{ choices: [{ message: { role: 'assistant', content: 'Hi' } }] }, ['Hi']],
  [{ choices: [{ text: 'there' }, { text: 'was' }] }, ['there', 'was']],
  [{ text: '' }, []],
  [null, []]
])('%j was answered', (response, texts) => {
  expect(answerPassages(response).map(passage => passage.text)).toEqual(texts);
});

test('parameters are what is not text', () => {
  expect(
    parameters({ model: 'fast', temperature: 0, stop: ['a', 'b'], messages: [], stream: true })
  ).toEqual([
    ['model', 'fast'],
    ['temperature', '0'],
    ['stop', 'a, b'],
    ['stream', 'true']
  ]);
});

test('markup stays text', () => {
  expect(plain('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
});
