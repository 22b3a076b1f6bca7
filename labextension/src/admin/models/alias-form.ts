/** An alias as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults, numberFault } from '../form/faults';
import { textOf, textsOf, without } from '../json';

export interface ITarget {
  model: string;
  /** As typed; used by the strategy `weighted` alone. */
  weight: string;
}

export interface IAliasState {
  targets: ITarget[];
  strategy: string;
  original: Body;
}

export const aliasForm: IForm<IAliasState> = {
  read: body => {
    const weights = Array.isArray(body['weights']) ? body['weights'] : [];
    return {
      targets: textsOf(body['models']).map((model, index) => ({
        model,
        weight: textOf(weights[index])
      })),
      strategy: textOf(body['strategy']) || 'ordered',
      original: body
    };
  },
  write: ({ targets, strategy, original }) => {
    const weights: Json[] = targets.map(({ weight }) => Number(weight));
    return {
      ...without(original, 'weights', 'strategy'),
      models: targets.map(({ model }) => model),
      ...((strategy !== 'ordered' || original['strategy'] !== undefined) && { strategy }),
      ...(strategy === 'weighted' && { weights })
    };
  }
};

export function aliasFaults({ targets, strategy }: IAliasState, trans: TranslationBundle): Faults {
  if (targets.length === 0) {
    return { models: trans.__('Name at least one model.') };
  }
  const wrong =
    strategy === 'weighted'
      ? targets.map(({ weight }) => numberFault(weight.trim(), { integer: false, above: 0 }, trans))
      : [];
  const first = wrong.find(fault => fault !== '');
  return first === undefined ? {} : { models: trans.__('Each model needs a weight. %1', first) };
}

/** The list with one model moved up (-1) or down (+1). */
export function moved(targets: readonly ITarget[], from: number, by: -1 | 1): ITarget[] {
  const to = from + by;
  const [one, other] = [targets[from], targets[to]];
  if (one === undefined || other === undefined) {
    return [...targets];
  }
  return targets.map((target, index) => (index === from ? other : index === to ? one : target));
}
