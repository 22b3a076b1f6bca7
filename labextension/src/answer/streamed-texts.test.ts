import { describe, expect, test } from 'vitest';

import { type IAnswer, parseAnswer, type TextUpdate } from './bundle';
import { StreamedTexts } from './streamed-texts';

function streaming(update: TextUpdate, id = 'a'): IAnswer {
  const fields = 'whole' in update ? { text: update.whole } : update;
  const answer = parseAnswer({ version: 1, id, state: 'streaming', ...fields });
  if (answer === null) {
    throw new Error('no answer');
  }
  return answer;
}

describe('texts', () => {
  test('grow by what is added', () => {
    const texts = new StreamedTexts();
    expect(texts.apply(streaming({ whole: 'One' }))).toBe('One');
    expect(texts.apply(streaming({ offset: 3, append: ' two' }))).toBe('One two');
    expect(texts.apply(streaming({ offset: 7, append: ' three' }))).toBe('One two three');
    expect(texts.textOf('a')).toBe('One two three');
  });

  test('count characters as the kernel does', () => {
    const texts = new StreamedTexts();
    texts.apply(streaming({ offset: 0, append: '👩‍🚀🎉' }));
    expect(texts.apply(streaming({ offset: 4, append: '漢' }))).toBe('👩‍🚀🎉漢');
  });

  test('take the same update twice, as two views of one output give it', () => {
    const texts = new StreamedTexts();
    texts.apply(streaming({ whole: 'One' }));
    texts.apply(streaming({ offset: 3, append: ' two' }));
    expect(texts.apply(streaming({ offset: 3, append: ' two' }))).toBe('One two');
  });

  test('wait for the whole text after a gap', () => {
    const texts = new StreamedTexts();
    texts.apply(streaming({ whole: 'One' }));
    expect(texts.apply(streaming({ offset: 9, append: 'late' }))).toBe('One');
    expect(texts.apply(streaming({ offset: 3, append: ' no' }))).toBe('One');
    expect(texts.apply(streaming({ whole: 'One two late' }))).toBe('One two late');
    expect(texts.apply(streaming({ offset: 12, append: '!' }))).toBe('One two late!');
  });

  test('of several answers do not mix', () => {
    const texts = new StreamedTexts();
    texts.apply(streaming({ whole: 'A' }, 'a'));
    texts.apply(streaming({ whole: 'B' }, 'b'));
    expect(texts.apply(streaming({ offset: 1, append: 'a' }, 'a'))).toBe('Aa');
    expect(texts.textOf('b')).toBe('B');
  });

  test('stay when the answer has ended, as others beside it may go on', () => {
    const texts = new StreamedTexts();
    texts.apply(streaming({ whole: 'One' }));
    expect(texts.any).toBe(true);
    expect(texts.apply({ ...streaming({ whole: 'One two' }), state: 'done' })).toBe('One two');
    expect(texts.any).toBe(false);
    const unchanged = { ...streaming({ offset: 7, append: '' }), state: 'done' as const };
    expect(texts.apply(unchanged)).toBe('One two');
    expect(texts.any).toBe(false);
  });

  test('of answers that were whole when they came are not kept', () => {
    const texts = new StreamedTexts();
    texts.apply({ ...streaming({ whole: 'Saved' }), state: 'done' });
    expect(texts.textOf('a')).toBeUndefined();
  });

  test('of answers that never end do not pile up', () => {
    const texts = new StreamedTexts();
    for (let i = 0; i < 500; i += 1) {
      texts.apply(streaming({ whole: 'x' }, `answer ${i}`));
    }
    expect(texts.textOf('answer 0')).toBeUndefined();
    expect(texts.textOf('answer 499')).toBe('x');
  });
});
