import { type JSONObject } from '@lumino/coreutils';
import { expect, test } from 'vitest';

import { parseAnswer } from './bundle';
import { StreamedTexts } from './streamed-texts';
import { completed } from './whole-texts';

const ADDED = { id: 'a', state: 'streaming', offset: 3, append: ' two', model: 'm' };

function textsOf(...updates: JSONObject[]): StreamedTexts {
  const texts = new StreamedTexts();
  for (const update of updates) {
    const answer = parseAnswer(update);
    if (answer !== null) {
      texts.apply(answer);
    }
  }
  return texts;
}

const texts = textsOf({ id: 'a', state: 'streaming', text: 'One' }, ADDED);

test('what was added becomes the text so far', () => {
  expect(completed(ADDED, texts)).toEqual({
    id: 'a',
    state: 'streaming',
    model: 'm',
    text: 'One two'
  });
});

test('in a comparison also for an answer that has ended before the others', () => {
  const ended = { ...ADDED, state: 'done', offset: 7, append: '' };
  const other = { id: 'b', state: 'streaming', text: 'Whole' };
  const bundle = { version: 1, id: 'c', state: 'streaming', compare: [ended, other] };
  expect(completed(bundle, texts)).toEqual({
    ...bundle,
    compare: [{ id: 'a', state: 'done', model: 'm', text: 'One two' }, other]
  });
});

test.each([
  ['a whole answer', { id: 'a', state: 'done', text: 'One' }],
  ['an answer that nobody saw begin', { ...ADDED, id: 'unknown' }],
  ['no answer', 'text'],
  ['nothing', undefined]
])('%s stays as it is', (_, value) => {
  expect(completed(value, texts)).toBeNull();
});
