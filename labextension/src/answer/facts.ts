/** What stands under an answer in figures: model, tokens, cost, times. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { exactCount, formatCount, formatDuration } from '../figures';
import { exactUsd, formatUsd, isZeroUsd } from '../money';
import { type IAnswer, type ITokens } from './bundle';

export interface IFact {
  /** Names the fact in the page, for styling and for tests. */
  kind: 'model' | 'tokens' | 'cost' | 'time' | 'first-token' | 'speed';
  text: string;
  /** In full, for the tooltip and for screen readers. */
  full: string;
}

/** The facts that are known, in reading order. */
export function factsOf(answer: IAnswer, isLocal: boolean, trans: TranslationBundle): IFact[] {
  const { usage, elapsedMs, firstTokenMs, tokensPerSecond } = answer;
  const facts: (IFact | null)[] = [
    modelFact(answer, trans),
    usage && tokensFact(usage, trans),
    costFact(answer, isLocal, trans),
    elapsedMs === null
      ? null
      : timeFact('time', formatDuration(elapsedMs), trans.__('Time until the answer was whole')),
    firstTokenMs === null
      ? null
      : timeFact(
          'first-token',
          trans.__('first %1', formatDuration(firstTokenMs)),
          trans.__('Time until the first token')
        ),
    tokensPerSecond === null || tokensPerSecond === 0
      ? null
      : timeFact(
          'speed',
          trans.__('%1 tok/s', formatCount(tokensPerSecond)),
          trans.__('Output tokens per second')
        )
  ];
  return facts.filter(fact => fact !== null);
}

function modelFact({ model, requestedModel }: IAnswer, trans: TranslationBundle): IFact | null {
  const name = model ?? requestedModel;
  if (name === null) {
    return null;
  }
  const full =
    requestedModel !== null && model !== null && requestedModel !== model
      ? trans.__('Written by %1, asked for as %2', model, requestedModel)
      : trans.__('Written by %1', name);
  return { kind: 'model', text: name, full };
}

function tokensFact(usage: ITokens, trans: TranslationBundle): IFact {
  const about = usage.estimated ? '≈ ' : '';
  const parts = [
    trans.__('%1 input tokens', exactCount(usage.input)),
    usage.cacheRead > 0
      ? trans.__('%1 of them from the provider’s cache', exactCount(usage.cacheRead))
      : '',
    trans.__('%1 output tokens', exactCount(usage.output)),
    usage.reasoning > 0 ? trans.__('%1 of them for reasoning', exactCount(usage.reasoning)) : '',
    usage.estimated ? trans.__('counted by the gateway, not by the provider') : ''
  ];
  return {
    kind: 'tokens',
    text: trans.__('%1%2 in · %3 out', about, formatCount(usage.input), formatCount(usage.output)),
    full: parts.filter(part => part !== '').join(', ')
  };
}

function costFact(answer: IAnswer, isLocal: boolean, trans: TranslationBundle): IFact | null {
  const { cost, unpriced, cache } = answer;
  if (unpriced) {
    return {
      kind: 'cost',
      text: trans.__('unpriced'),
      full: trans.__('The price of this model is not known; its cost is not counted')
    };
  }
  if (cost === null) {
    return null;
  }
  if (!isZeroUsd(cost)) {
    return { kind: 'cost', text: formatUsd(cost), full: trans.__('Cost: %1', exactUsd(cost)) };
  }
  if (cache === 'hit') {
    return { kind: 'cost', text: formatUsd(cost), full: trans.__('Answered from the cache') };
  }
  return {
    kind: 'cost',
    text: isLocal ? trans.__('free (local)') : trans.__('free'),
    full: trans.__('This model costs nothing')
  };
}

function timeFact(kind: IFact['kind'], text: string, what: string): IFact {
  return { kind, text, full: `${what}: ${text}` };
}
