import { type TranslationBundle } from '@jupyterlab/translation';

/** A budget's window after an amount: `$5 a day`. One this version does not know is shown as it came. */
export function windowWords(window: string, trans: TranslationBundle): string {
  const [rolling, length] = window.split(/\s+/);
  if (rolling === 'rolling') {
    return length
      ? trans.__('in any %1', length)
      : trans.__('in a time that moves on at every moment');
  }
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
