/** What guards' verdicts say. */
import { type TranslationBundle } from '@jupyterlab/translation';

/** What comes of what was found; an action of a later version is called as it is. */
export function actionWords(action: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    redact: trans.__('redacted'),
    pseudonymise: trans.__('given another value'),
    mask: trans.__('masked'),
    hash: trans.__('replaced by a code'),
    block: trans.__('refused'),
    alert: trans.__('let pass with an alert'),
    allow: trans.__('let pass'),
    retry: trans.__('asked for again'),
    kept_inside: trans.__('kept from the models of the rule')
  };
  return words[action] ?? action;
}

/** How bad it is, as a class of the style sheet. */
export function actionTone(action: string | null): 'bad' | 'warn' | 'changed' | 'none' {
  switch (action) {
    case 'block':
      return 'bad';
    case 'alert':
    case 'retry':
      return 'warn';
    case 'allow':
    case null:
      return 'none';
    default:
      return 'changed';
  }
}
