/** What alerts are about, in words. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Alert, type AlertDelivery } from '../../api/admin-types';

/** What an alert is about; a kind this version does not know is shown as it came. */
export function kindName(kind: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    budget_near: trans.__('budget runs low'),
    budget_reached: trans.__('limit of a budget'),
    limit: trans.__('limit'),
    guard: trans.__('guard'),
    moderation: trans.__('moderation'),
    outage: trans.__('outage'),
    slo: trans.__('promise not held'),
    audit: trans.__('audit'),
    unpriced: trans.__('unknown price'),
    key_expiring: trans.__('key ends'),
    prices: trans.__('price list'),
    sink: trans.__('audit sink')
  };
  return names[kind] ?? kind.replaceAll('_', ' ');
}

export function severityName(severity: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    info: trans.__('notice'),
    warning: trans.__('warning'),
    critical: trans.__('critical')
  };
  return names[severity] ?? severity;
}

/** The tone of its mark. */
export function severityTone(severity: Alert['severity']): string {
  return { info: 'quiet', warning: 'warn', critical: 'bad' }[severity];
}

/** What became of telling a channel. */
export function deliveryWords(delivery: AlertDelivery, trans: TranslationBundle): string {
  const about =
    delivery.about === 'opened' ? trans.__('that it began') : trans.__('that it has ended');
  const { channel, attempts } = delivery;
  switch (delivery.state) {
    case 'sent':
      return trans.__('%1 was told %2', channel, about);
    case 'waiting':
      return trans.__('%1 is to be told %2', channel, about);
    case 'sending':
      return trans.__('%1 is being told %2', channel, about);
    case 'retrying':
      return trans._n(
        '%2 could not be told %3; one try so far, the next follows',
        '%2 could not be told %3; %1 tries so far, the next follows',
        attempts,
        channel,
        about
      );
    case 'failed':
      return trans._n(
        '%2 was not told %3: given up after one try',
        '%2 was not told %3: given up after %1 tries',
        attempts,
        channel,
        about
      );
  }
}
