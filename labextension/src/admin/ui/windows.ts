import { type TranslationBundle } from '@jupyterlab/translation';

/** A budget's window after an amount: `$5 a day`. One this version does not know is shown as it came. */
export function windowWords(window: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    hour: trans.__('an hour'),
    day: trans.__('a day'),
    week: trans.__('a week'),
    month: trans.__('a month'),
    quarter: trans.__('a quarter'),
    total: trans.__('in all')
  };
  return words[window] ?? window;
}
