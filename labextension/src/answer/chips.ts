/** Short words about what was out of the ordinary with an answer, each with its message. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type IAnswer, type INotice } from './bundle';

export interface IChip {
  label: string;
  message: string;
  tone: 'info' | 'good' | 'warn';
}

/** How far an answer has come, as the reader sees it. */
export type Progress = 'writing' | 'interrupted' | 'done' | 'error' | 'stopped';

const WARNINGS = /budget|limit|cut|truncat|content_filter|moderat|unscreened|failed|expired/;

export function chipsOf(answer: IAnswer, progress: Progress, trans: TranslationBundle): IChip[] {
  const chips: (IChip | null)[] = [
    progressChip(progress, trans),
    answer.finishReason === 'length'
      ? {
          label: trans.__('cut off'),
          message: trans.__('The answer ends where its token limit was reached.'),
          tone: 'warn'
        }
      : null,
    answer.cache === 'hit'
      ? {
          label: trans.__('cache hit'),
          message: trans.__('Answered from the cache; no model was asked.'),
          tone: 'good'
        }
      : null,
    ...answer.notices
      // The cost and the chip above say so.
      .filter(({ code }) => code !== 'unpriced' && code !== 'cache_hit')
      .map(notice => noticeChip(notice, trans))
  ];
  return chips.filter(chip => chip !== null);
}

function progressChip(progress: Progress, trans: TranslationBundle): IChip | null {
  if (progress === 'stopped') {
    return {
      label: trans.__('stopped'),
      message: trans.__('You stopped this answer.'),
      tone: 'warn'
    };
  }
  if (progress === 'interrupted') {
    return {
      label: trans.__('incomplete'),
      message: trans.__(
        'This answer was still being written when its cell stopped running or the page was closed. Run the cell again for the whole answer.'
      ),
      tone: 'warn'
    };
  }
  return null;
}

function noticeChip({ code, message }: INotice, trans: TranslationBundle): IChip {
  return {
    label: noticeLabel(code, trans),
    message,
    tone: WARNINGS.test(code) ? 'warn' : 'info'
  };
}

function noticeLabel(code: string, trans: TranslationBundle): string {
  switch (code) {
    case 'fallback':
      return trans.__('other model');
    case 'redacted':
      return trans.__('redacted');
    case 'kept_inside':
      return trans.__('kept inside');
    case 'content_filter':
      return trans.__('filtered');
    case 'budget_cut':
      return trans.__('shortened by budget');
    case 'budget_near':
      return trans.__('budget nearly used');
    case 'budget_over':
      return trans.__('over budget');
    case 'not_interpolated':
      return trans.__('not filled in');
    case 'schema_repaired':
      return trans.__('repaired');
    case '':
      return trans.__('notice');
    default:
      return code.replace(/[_-]+/g, ' ').slice(0, 40);
  }
}
