import { type TranslationBundle } from '@jupyterlab/translation';

/** A budget's window after an amount: `$5 a day`. One this version does not know is shown as it came. */
export function windowWords(window: string, trans: TranslationBundle): string {
  const [rolling, length] = window.split(/\s+/);
  if (rolling === 'rolling') {
    return length
      ? trans.__('in any %1', stretchWords(length, trans))
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

/** `24h` as `24 hours`; a length of another shape stays as it is written. */
export function stretchWords(length: string, trans: TranslationBundle): string {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(length) ?? [];
  const number = Number(count);
  switch (unit) {
    case 's':
      return trans._n('%1 second', '%1 seconds', number);
    case 'm':
      return trans._n('%1 minute', '%1 minutes', number);
    case 'h':
      return trans._n('%1 hour', '%1 hours', number);
    case 'd':
      return number === 1 ? trans.__('24 hours') : trans.__('%1 days', number);
    default:
      return length;
  }
}
