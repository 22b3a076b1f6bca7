/** The wish for an API key as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Key, type KeyRequest } from '../../api/admin-types';
import { type Faults, nameFault, numberFault } from '../form/faults';
import { linesOf } from '../form/values';

export interface IKeyWish {
  name: string;
  application: string;
  /** Empty: whoever makes it. */
  user: string;
  groups: string;
  models: string;
  /** A day, as the browser's date input gives it; the key ends with it. */
  expires: string;
  purpose: string;
  budget: string;
  window: KeyRequest['window'];
  admin: boolean;
  auditor: boolean;
}

export const EMPTY_WISH: IKeyWish = {
  name: '',
  application: '',
  user: '',
  groups: '',
  models: '',
  expires: '',
  purpose: '',
  budget: '',
  window: 'month',
  admin: false,
  auditor: false
};

/** A key that is to take the place of `old`: it may what that one may. Its name is free, its last day to be chosen. */
export function renewalOf(old: Key, taken: readonly string[], me: string): IKeyWish {
  const stem = old.name.replace(/-\d+$/, '');
  let number = 2;
  while (taken.includes(`${stem}-${number}`)) {
    number += 1;
  }
  return {
    name: `${stem}-${number}`,
    application: old.application,
    user: old.user === me ? '' : old.user,
    groups: old.groups.join('\n'),
    models: old.models.join('\n'),
    expires: '',
    purpose: old.purpose ?? '',
    budget: old.budget_usd ?? '',
    window: (old.window ?? EMPTY_WISH.window) as IKeyWish['window'],
    admin: old.admin,
    auditor: old.auditor
  };
}

export function requestOf(wish: IKeyWish): KeyRequest {
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());
  return {
    name: wish.name.trim(),
    application: wish.application.trim(),
    user: orNull(wish.user),
    groups: linesOf(wish.groups),
    models: linesOf(wish.models),
    expires: wish.expires === '' ? null : endOf(wish.expires).toISOString(),
    purpose: orNull(wish.purpose),
    budget_usd: orNull(wish.budget),
    window: wish.window,
    admin: wish.admin,
    auditor: wish.auditor
  };
}

export function wishFaults(
  wish: IKeyWish,
  taken: readonly string[],
  now: Date,
  trans: TranslationBundle,
  renewed: Key | null = null
): Faults {
  const name = nameFault(wish.name.trim(), taken, /^\S(.{0,98}\S)?$/, trans);
  const budget =
    wish.budget.trim() === ''
      ? ''
      : numberFault(wish.budget.trim(), { integer: false, minimum: 0 }, trans);
  const isPast = wish.expires !== '' && endOf(wish.expires) <= now;
  const hasNoEnd = wish.expires === '' && renewed !== null && renewed.expires !== null;
  return {
    ...(name && { name }),
    ...(wish.application.trim() === '' && { application: trans.__('This is needed.') }),
    ...(hasNoEnd && { expires: trans.__('Choose one: the key before this one had one, too.') }),
    ...(isPast && { expires: trans.__('This day is over.') }),
    ...(budget && { budget })
  };
}

/** The last moment of a day, where the person is. */
function endOf(day: string): Date {
  return new Date(`${day}T23:59:59`);
}
