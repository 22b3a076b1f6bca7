/** What is measured: money, tokens or calls. Sums are whole numbers, money in its smallest unit. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Spend } from '../../api/types';
import { countTicks, type ITick, moneyTicks } from '../../charts/ticks';
import { exactCount, formatCount } from '../../figures';
import { dollarsOf, exactUsd, formatUsd, picoOf, usdOf } from '../../money';

export const MEASURES = ['money', 'tokens', 'calls'] as const;
export type Measure = (typeof MEASURES)[number];

export function measureName(measure: Measure, trans: TranslationBundle): string {
  return {
    money: trans.__('Money'),
    tokens: trans.__('Tokens'),
    calls: trans.__('Calls')
  }[measure];
}

/** Of some calls, exactly. Fixed costs by the hour are a part of the money. */
export function amountOf(spend: Spend, measure: Measure): bigint {
  switch (measure) {
    case 'money':
      return picoOf(spend.cost_usd) + picoOf(spend.fixed_usd);
    case 'tokens':
      return BigInt(spend.input_tokens) + BigInt(spend.output_tokens);
    case 'calls':
      return BigInt(spend.calls);
  }
}

/** As it stands in a table. */
export function amountWords(amount: bigint, measure: Measure): string {
  if (amount === 0n) {
    return '–';
  }
  return measure === 'money' ? formatUsd(usdOf(amount)) : exactCount(Number(amount));
}

/** To the last digit, for a tooltip. */
export function exactWords(amount: bigint, measure: Measure): string {
  return measure === 'money' ? exactUsd(usdOf(amount)) : exactCount(Number(amount));
}

/** Where there is little room. */
export function shortWords(amount: bigint, measure: Measure): string {
  return measure === 'money' ? formatUsd(usdOf(amount)) : formatCount(Number(amount));
}

/** For the length of a bar, not for a figure. */
export function lengthOf(amount: bigint, measure: Measure): number {
  return measure === 'money' ? dollarsOf(amount) : Number(amount);
}

export function measureTicks(measure: Measure, most: number): ITick[] {
  return measure === 'money' ? moneyTicks(most) : countTicks(most);
}
