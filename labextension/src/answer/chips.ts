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

/** Kinds of findings that are secrets, as the gateway names them when it has redacted some. */
const SECRET = /\b(?:[A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|JWT)[A-Z0-9_]*)\b/;
/** Notices that the cost or another chip shows. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['unpriced', 'cache_hit', 'secret']);
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
      .filter(notice => !SAID_ELSEWHERE.has(notice.code) && !isRedactedSecret(notice))
      .map(notice => noticeChip(notice, trans)),
    secretChip(answer, progress, trans)
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

function isRedactedSecret({ code, message }: INotice): boolean {
  return code === 'redacted' && SECRET.test(message);
}

/** A secret in a prompt is a warning, whether it was taken out on its way or went to the model. */
function secretChip(
  { notices, error }: IAnswer,
  progress: Progress,
  trans: TranslationBundle
): IChip | null {
  const found = notices.filter(({ code }) => code === 'secret').map(({ message }) => message);
  const redacted = notices.find(isRedactedSecret);
  if (found.length === 0 && redacted === undefined) {
    return null;
  }
  if (redacted !== undefined) {
    const message = trans.__('A secret was found and redacted before sending.');
    const full = `${message} ${redacted.message}`;
    return { label: trans.__('secret redacted'), message: full, tone: 'warn' };
  }
  const isSent = progress !== 'error' || error === null;
  const label = isSent ? trans.__('secret sent') : trans.__('secret in the prompt');
  return { label, message: found.join(' '), tone: 'warn' };
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
