/** What a model costs, in the few words that fit beside its name. */
import { type ModelCard } from '../api/types';
import { formatUsd, isZeroUsd } from '../money';

/** `unpriced` is not `free`: nobody knows what such a call will cost. */
export type PriceTag =
  | { kind: 'free' }
  | { kind: 'unpriced' }
  | { kind: 'varies' }
  | { kind: 'per-request'; request: string }
  | { kind: 'priced'; input: string; output: string };

/** The price per million tokens; an alias without one of its own costs what its target costs. */
export function priceTag({ price, kind }: ModelCard): PriceTag {
  if (price === null) {
    return { kind: kind === 'alias' ? 'varies' : 'unpriced' };
  }
  if (isZeroUsd(price.input) && isZeroUsd(price.output)) {
    return isZeroUsd(price.per_request)
      ? { kind: 'free' }
      : { kind: 'per-request', request: formatUsd(price.per_request) };
  }
  return { kind: 'priced', input: formatUsd(price.input), output: formatUsd(price.output) };
}
