import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import { type IField } from './fields';
import { faultsOf, nameFault, numberFault } from './faults';

const trans = nullTranslator.load('jupyter_mesh');

test.each([
  ['5', ''],
  ['0.5', 'Write a whole number.'],
  ['five', 'Write a number.'],
  ['1e3', 'Write a number.'],
  ['0', 'At least 1.'],
  ['11', 'At most 10.']
])('%j as a count from 1 to 10: %j', (text, fault) => {
  expect(numberFault(text, { integer: true, minimum: 1, maximum: 10 }, trans)).toBe(fault);
});

test('a bound may itself be excluded', () => {
  expect(numberFault('0', { integer: false, above: 0 }, trans)).toBe('More than 0.');
  expect(numberFault('0.01', { integer: false, above: 0 }, trans)).toBe('');
});

test.each([
  ['', 'This is needed.'],
  ['openai', 'There is already one of this name.'],
  ['open/ai', 'Letters, digits, “_”, “.” and “-” only.'],
  ['open ai', 'Letters, digits, “_”, “.” and “-” only.'],
  ['open-ai.2', '']
])('the name %j: %j', (name, fault) => {
  expect(nameFault(name, ['openai'], /^[\w][\w.-]*$/, trans)).toBe(fault);
});

test.each([
  ['0', { where: 'Choose one.' }],
  ['1', {}]
])('what must be chosen is chosen by nobody else: %j', (place, faults) => {
  const field: IField = {
    name: 'where',
    title: 'Where',
    description: '',
    required: true,
    fallback: undefined,
    input: {
      kind: 'choice',
      options: [
        { value: null, label: '' },
        { value: 'local', label: 'local' }
      ]
    }
  };
  expect(faultsOf([field], { where: place }, trans)).toEqual(faults);
});
