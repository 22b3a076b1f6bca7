/** What is said of a call's text where it is shown: how it was kept, until when, or why there is none. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type CallDetail } from '../api/types';

/** Above what was asked: what stands below, and what it is not. */
export function askedTitle({ summary, content }: CallDetail, trans: TranslationBundle): string {
  // What failed without a model was given to none: each was at rest.
  if (['refused', 'blocked'].includes(summary.outcome) || isFailedUnsent(summary)) {
    return trans.__('Asked, and not sent');
  }
  return content === 'redacted'
    ? trans.__('Sent to the model (kept without what the detectors found)')
    : trans.__('Sent to the model');
}

function isFailedUnsent({ outcome, model }: CallDetail['summary']): boolean {
  return outcome === 'failed' && model === null;
}

/** How its text is kept, or why there is none. */
export function keptWords(detail: CallDetail, trans: TranslationBundle): string {
  switch (detail.content) {
    case 'full':
      return [trans.__('Its text is kept in full, encrypted.'), untilWords(detail, trans)]
        .filter(Boolean)
        .join(' ');
    case 'redacted':
      return [
        trans.__('Its text is kept encrypted, without what the detectors found in it.'),
        untilWords(detail, trans)
      ]
        .filter(Boolean)
        .join(' ');
    case 'withheld':
      return trans.__('Its text is for its caller and for auditors only.');
    case 'erased':
      return detail.erased_at === null
        ? trans.__('The key to its text is gone: what was kept cannot be read.')
        : trans.__(
            'What was kept of this user’s text was erased on %1; the record of the call stays.',
            day(detail.erased_at)
          );
    case 'expired':
      return detail.content_until === null
        ? trans.__('Its text is not kept any more.')
        : trans.__('Its text was kept until %1, as policy says.', day(detail.content_until));
    case 'none':
      return detail.summary.outcome === 'pending'
        ? trans.__('Nothing of its text is kept so far.')
        : trans.__('Policy keeps no text of such calls.');
  }
}

function untilWords({ content_until: until }: CallDetail, trans: TranslationBundle): string {
  return until === null ? '' : trans.__('It is deleted after %1.', day(until));
}

function day(moment: string): string {
  return new Date(moment).toLocaleDateString(undefined, { dateStyle: 'medium' });
}
