import { type IAdmin } from './context';

/**
 * Has the pages show what is configured now, each time it is called. Where something was typed and is not saved, once
 * that spot is left: whoever saves there is told of what somebody else has changed.
 */
export function renewal({ store, place }: Pick<IAdmin, 'store' | 'place'>): () => void {
  let isDue = false;
  const renew = (): void => {
    if (isDue && !place.isUnsaved) {
      isDue = false;
      store.renew();
    }
  };
  place.changed.connect(renew);
  return () => {
    isDue = true;
    renew();
  };
}
