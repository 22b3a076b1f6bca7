/** How a call ended, in one word and one of four tones. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type CallSummary, type Outcome } from '../../api/types';
import { exactCount } from '../../figures';

export type Tone = 'good' | 'quiet' | 'warn' | 'bad';

export function outcomeTone(outcome: Outcome): Tone {
  switch (outcome) {
    case 'answered':
    case 'cached':
      return 'good';
    case 'pending':
      return 'quiet';
    case 'aborted':
    case 'interrupted':
    case 'blocked':
      return 'warn';
    case 'refused':
    case 'failed':
      return 'bad';
  }
}

export function outcomeName(outcome: Outcome, trans: TranslationBundle): string {
  return {
    pending: trans.__('under way'),
    answered: trans.__('answered'),
    cached: trans.__('from cache'),
    refused: trans.__('refused'),
    blocked: trans.__('blocked'),
    failed: trans.__('failed'),
    aborted: trans.__('stopped'),
    interrupted: trans.__('interrupted')
  }[outcome];
}

/** How a record's call ended; with their number where it is of many. */
export function endName(call: CallSummary, trans: TranslationBundle): string {
  const name = outcomeName(call.outcome, trans);
  return call.stands_for > 1 ? trans.__('%1 × %2', name, exactCount(call.stands_for)) : name;
}

/** What answered, or was asked for; calls that were turned away unread asked for nobody knows what. */
export function modelName(call: CallSummary, trans: TranslationBundle): string {
  return (call.model ?? call.requested_model) || trans.__('not read');
}

/** Why a call had no answer, in a word or two; empty where that is known only in full. */
export function reasonName(code: string | null, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    budget_exceeded: trans.__('budget'),
    rate_limit_exceeded: trans.__('limit'),
    not_permitted: trans.__('rights'),
    use_case_stopped: trans.__('use is off'),
    model_not_found: trans.__('model'),
    context_length_exceeded: trans.__('too long'),
    content_blocked: trans.__('guard')
  };
  return code === null ? '' : (names[code] ?? '');
}
