import { useEffect, useRef } from 'react';

import { type Wish, type Wishes } from './wish';

/** Run `grant` when the wish is made, or at once when it was made before the component appeared. */
export function useWish(wishes: Wishes, wish: Wish, grant: () => void): void {
  const latest = useRef(grant);
  useEffect(() => {
    latest.current = grant;
  });
  useEffect(() => {
    const slot = (): void => {
      if (wishes.take(wish)) {
        latest.current();
      }
    };
    wishes.changed.connect(slot);
    slot();
    return () => {
      wishes.changed.disconnect(slot);
    };
  }, [wishes, wish]);
}
