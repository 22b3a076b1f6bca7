import { describe, expect, test } from 'vitest';

import { completionAt } from './completion';

/** The completion at `|`, as `kind:prefix`, and the text it would replace. */
function at(marked: string): { what: string; replaced: string } | null {
  const offset = marked.indexOf('|');
  const source = marked.slice(0, offset) + marked.slice(offset + 1);
  const found = completionAt(source, offset);
  return (
    found && {
      what: `${found.kind}:${found.prefix}`,
      replaced: source.slice(found.from, offset)
    }
  );
}

describe('completionAt', () => {
  test.each([
    ['%%llm |', 'model:'],
    ['%%llm op|', 'model:op'],
    ['%%llm openai/g|', 'model:openai/g'],
    ['%%llm op|enai --new\nHello', 'model:op'],
    ['%%llm -t 0 |', 'model:'],
    ['%%llm --new fa|', 'model:fa'],
    ['%%llm --|', 'option:--'],
    ['%%llm fast --te|', 'option:--te'],
    ['%%llm fast -|', 'option:-'],
    ['%%llm --format |', 'word:'],
    ['%%llm --format=js|', 'word:js'],
    ['%%llm -f m|', 'word:m'],
    ['%%llm --compare |', 'model:'],
    ['%%llm --compare a/b,c|', 'model:c'],
    ['%%llm --compare=a/b,|', 'model:'],
    ['%%llm --schema La|', 'variable:La'],
    ['%%rag handbook |', 'model:'],
    ['%%llm\nSum up {{|', 'variable:'],
    ['%%llm\nSum up {{df.he|', 'variable:he'],
    ['%%llm\nSum up {{ len(d|}} please', 'variable:d'],
    ['%%llm\nDone {{a}} and {{b|', 'variable:b'],
    ['%%llm\n😀 {{größe|', 'variable:größe'],
    ['%llm |', 'word:'],
    ['%llm u|', 'word:u'],
    ['x = %llm l|', 'word:l'],
    ['a = 1\n%llm use op|', 'model:op'],
    ['%llm fix |', 'model:']
  ])('%s', (marked, what) => {
    const found = at(marked);
    expect(found?.what).toBe(what);
    expect(found?.replaced).toBe(what.slice(what.indexOf(':') + 1));
  });

  test.each([
    ['|%%llm fast'],
    ['%%l|'],
    ['%%llm|'],
    ['%%llm fast |'],
    ['%%llm --temperature |'],
    ['%%llm --system "Be bri|'],
    ['%%rag |'],
    ['%%llm\nHello wor|'],
    ['%%llm\nDone {{a}} th|'],
    ['%%llm\nopen {{\nnext li|'],
    ['%llm cost |'],
    ['print("%llm |'],
    ['{{df|'],
    ['%%time\n{{df|'],
    ['|']
  ])('nothing at %s', marked => {
    expect(at(marked)).toBeNull();
  });

  test('the expression before the cursor is what the kernel is asked about', () => {
    const source = '%%llm\n{{ df[df.price > limit].na';
    expect(completionAt(source, source.length)).toEqual({
      kind: 'variable',
      from: source.length - 2,
      prefix: 'na',
      expression: 'df[df.price > limit].na'
    });
  });
});
