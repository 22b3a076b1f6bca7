import { useEffect, useState } from 'react';

import { type ModelCard } from '../../api/types';
import { type ISurroundings } from '../../ui/surroundings';
import { FactPopup } from './fact-popup';

/** The card of the row under the pointer or the focus. */
export interface IFactCardControl {
  present: (card: ModelCard, row: HTMLElement) => void;
  dismiss: (atOnce?: boolean) => void;
}

/** One popup for the life of the component. */
export function useFactPopup(surroundings: ISurroundings): IFactCardControl {
  const [popup] = useState(() => new FactPopup(surroundings));
  useEffect(() => () => popup.dismiss(true), [popup]);
  return popup;
}
