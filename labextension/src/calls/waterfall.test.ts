import { expect, test } from 'vitest';

import { type CallDetail, type Timings } from '../api/types';
import { extentOf, spansOf } from './waterfall';

const started = '2026-11-21T14:02:00.000Z';

function detail(timing: Timings | null, children: [at: string, total: number][] = []): CallDetail {
  return {
    summary: { started_at: started, timing },
    children: children.map(([at, total]) => ({
      started_at: at,
      requested_model: 'embed',
      model: null,
      timing: { total }
    }))
  } as unknown as CallDetail;
}

test('a streamed answer is the wait for its first token, then the rest', () => {
  const spans = spansOf(detail({ total: 1000, first_token: 300, upstream: 990, overhead: 10 }));
  expect(spans.map(({ kind, start, length }) => [kind, start, length])).toEqual([
    ['first-token', 0, 300],
    ['streaming', 300, 690],
    ['overhead', 990, 10]
  ]);
  expect(extentOf(spans)).toBe(1000);
});

test('the parts follow one another and end with the call, however short the provider was', () => {
  const spans = spansOf(detail({ total: 10, first_token: 4, upstream: 2, overhead: 8 }));
  expect(spans.map(({ kind, start, length }) => [kind, start, length])).toEqual([
    ['first-token', 0, 2],
    ['overhead', 2, 8]
  ]);
  expect(extentOf(spans)).toBe(10);
});

test('an answer in one piece is the provider’s time', () => {
  const spans = spansOf(detail({ total: 50, first_token: null, upstream: 45, overhead: 5 }));
  expect(spans.map(({ kind }) => kind)).toEqual(['upstream', 'overhead']);
});

test('nested calls stand where they began; clocks that differ push none before the start', () => {
  const spans = spansOf(
    detail({ total: 1000, first_token: null, upstream: null, overhead: null }, [
      ['2026-11-21T14:02:00.200Z', 100],
      ['2026-11-21T14:01:59.000Z', 50]
    ])
  );
  expect(spans.filter(({ kind }) => kind === 'child')).toEqual([
    { kind: 'child', model: 'embed', start: 200, length: 100 },
    { kind: 'child', model: 'embed', start: 0, length: 50 }
  ]);
});

test('a call under way has no spans', () => {
  expect(spansOf(detail(null))).toEqual([]);
  expect(extentOf([])).toBe(0);
});
