import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { MeshRequestError } from '../api/errors';
import { PolicyFollower } from './policy-follower';

interface IAsked {
  after: string | null;
  signal: AbortSignal;
  tell: (revision: string) => void;
  fail: () => void;
}

/** A gateway that holds every question until the test lets it answer. */
function setUp() {
  const asked: IAsked[] = [];
  const onChange = vi.fn();
  const follower = new PolicyFollower(
    (after, signal) =>
      new Promise((resolve, reject) => {
        const fail = (): void => reject(new MeshRequestError('offline', 'down'));
        signal.addEventListener('abort', fail);
        asked.push({ after, signal, fail, tell: revision => resolve({ revision }) });
      }),
    onChange
  );
  disposables.push(follower);
  const last = (): IAsked => {
    const found = asked.at(-1);
    if (found === undefined) {
      throw new Error('Nothing was asked.');
    }
    return found;
  };
  return { asked, last, follower, onChange };
}

const disposables: PolicyFollower[] = [];
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
let hidden = false;
const hide = (now: boolean): void => {
  hidden = now;
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});
afterEach(() => {
  disposables.splice(0).forEach(one => one.dispose());
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('the first answer is what views show already; another one has them ask again', async () => {
  const { asked, last, follower, onChange } = setUp();
  follower.start();
  await pass(0);
  expect(asked.map(({ after }) => after)).toEqual([null]);
  last().tell('1.a');
  await pass(1000);
  expect(asked.map(({ after }) => after)).toEqual([null, '1.a']);
  last().tell('1.a'); // nothing has changed in the time for which the gateway waits
  await pass(1500);
  expect(onChange).not.toHaveBeenCalled();
  last().tell('2.a');
  await pass(500);
  expect(onChange).toHaveBeenCalledTimes(1);
  await pass(1000);
  expect(last().after).toBe('2.a');
  last().tell('2.b'); // one's groups
  await pass(500);
  expect(onChange).toHaveBeenCalledTimes(2);
});

test('many views do not ask in the same moment', async () => {
  const random = vi.spyOn(Math, 'random');
  const when: number[] = [];
  for (const share of [0, 0.5, 0.99]) {
    const { last, follower, onChange } = setUp();
    onChange.mockImplementation(() => when.push(Date.now() - began));
    follower.start();
    await pass(0);
    last().tell('1.a');
    await pass(1000);
    const began = Date.now();
    random.mockReturnValue(share);
    last().tell('2.a');
    await pass(600);
    follower.dispose();
  }
  expect(when).toEqual([0, 250, 495]);
});

test('a hidden page asks nothing, and is told when it is shown what happened meanwhile', async () => {
  const { asked, last, follower, onChange } = setUp();
  follower.start();
  await pass(0);
  last().tell('1.a');
  await pass(1000);
  hide(true);
  expect(last().signal.aborted).toBe(true);
  await pass(600_000);
  expect(asked).toHaveLength(2);
  hide(false);
  await pass(0);
  expect(last().after).toBe('1.a');
  last().tell('7.a');
  await pass(500);
  expect(onChange).toHaveBeenCalledTimes(1);
});

test('who starts hidden may show what is no more, and asks for it when shown', async () => {
  hidden = true;
  const { asked, last, follower, onChange } = setUp();
  follower.start();
  await pass(5000);
  expect(asked).toHaveLength(0);
  hide(false);
  await pass(0);
  last().tell('3.a');
  await pass(500);
  expect(onChange).toHaveBeenCalledTimes(1);
});

test('a gateway that does not answer is asked less and less, and followed when it is back', async () => {
  const { asked, last, follower, onChange } = setUp();
  follower.start();
  await pass(0);
  last().tell('1.a');
  await pass(1000);
  for (let minute = 0; minute < 10 * 60; minute += 1) {
    last().fail();
    await pass(1000);
  }
  expect(asked.length).toBeLessThan(60);
  await pass(30_000);
  expect(last().after).toBe('1.a');
  last().tell('2.a');
  await pass(500);
  expect(onChange).toHaveBeenCalledTimes(1);
});

test('it stops and starts with the session, and leaves nothing behind', async () => {
  const { asked, last, follower } = setUp();
  follower.start();
  await pass(0);
  follower.stop();
  expect(last().signal.aborted).toBe(true);
  await pass(60_000);
  hide(true);
  hide(false);
  await pass(60_000);
  expect(asked).toHaveLength(1);
  follower.start();
  await pass(0);
  expect(asked).toHaveLength(2);
  follower.dispose();
  expect(last().signal.aborted).toBe(true);
  hide(true);
  hide(false);
  await pass(60_000);
  expect(asked).toHaveLength(2);
});
