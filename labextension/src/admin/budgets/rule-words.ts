/** What a budget or a limit does, in a sentence. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { exactCount } from '../../figures';
import { formatUsd } from '../../money';
import { isObject, objectOf, textOf } from '../json';
import { windowWords } from '../ui/windows';

type Scope = Record<string, string>;

/** `Each user may spend $5.00 a day; then calls are refused.` */
export function budgetSentence(body: Body, trans: TranslationBundle): string {
  const scope = scopeOf(body['scope']);
  const amount = textOf(body['limit_usd']);
  const may = trans.__(
    '%1 may spend %2 %3%4',
    whoOf(scope, trans),
    amount === '' ? '$…' : formatUsd(amount),
    windowWords(textOf(body['window']) || 'month', trans),
    whereOf(scope, trans)
  );
  const then =
    body['on_limit'] === 'warn'
      ? trans.__('then an alert is raised, and calls go on')
      : trans.__('then calls are refused');
  const refused =
    body['unknown_price'] === 'refuse' ? ` ${trans.__('A model without a price is refused.')}` : '';
  const last =
    body['fallback'] === true
      ? ` ${trans.__('It pays only where no other budget of the caller does.')}`
      : '';
  return `${trans.__('%1; %2.', may, then)}${refused}${last}`;
}

/** `Each user may make 60 requests a minute and have 8 calls at once.` */
export function limitSentence(body: Body, trans: TranslationBundle): string {
  const scope = body['scope'] === undefined ? { user: '*' } : scopeOf(body['scope']);
  const count = (name: string): number | null =>
    typeof body[name] === 'number' ? body[name] : null;
  const [requests, tokens, parallel] = [
    count('requests_per_minute'),
    count('tokens_per_minute'),
    count('parallel')
  ];
  const parts = [
    requests === null
      ? ''
      : trans._n('make %1 request a minute', 'make %1 requests a minute', requests),
    tokens === null ? '' : trans.__('use %1 tokens a minute', exactCount(tokens)),
    parallel === null ? '' : trans._n('have %1 call at once', 'have %1 calls at once', parallel)
  ].filter(part => part !== '');
  const who = whoOf(scope, trans);
  if (parts.length === 0) {
    return trans.__('%1 may ask as often as they like: nothing is limited yet.', who);
  }
  const wait = count('wait_seconds') ?? 2;
  const then =
    wait === 0
      ? trans.__('what is more is refused')
      : trans.__('what is more waits for %1 s, and is then refused', wait);
  return trans.__('%1 may %2%3; %4.', who, joined(parts, trans), whereOf(scope, trans), then);
}

/** Whom a rule is about; `*` is each one apart. */
function whoOf(scope: Scope, trans: TranslationBundle): string {
  const { user, group, application, key } = scope;
  const ones = [
    user && (user === '*' ? trans.__('each user') : user),
    group && (group === '*' ? trans.__('each group') : trans.__('the group %1 together', group)),
    application &&
      (application === '*'
        ? trans.__('each application')
        : trans.__('the application %1', application)),
    key && (key === '*' ? trans.__('each API key') : trans.__('the API key %1', key))
  ].filter((one): one is string => Boolean(one));
  if (ones.length === 0) {
    return trans.__('Everybody together');
  }
  const words = joined(ones, trans, trans.__('within'));
  // A name stays as it is written.
  return user && user !== '*' ? words : words.charAt(0).toUpperCase() + words.slice(1);
}

function whereOf({ connection, model }: Scope, trans: TranslationBundle): string {
  const all = [
    connection && connection !== '*' ? trans.__('on the connection %1', connection) : '',
    model && model !== '*' ? trans.__('on models %1', model) : ''
  ].filter(part => part);
  return all.length === 0 ? '' : ` ${all.join(', ')}`;
}

function joined(parts: readonly string[], trans: TranslationBundle, word?: string): string {
  if (word !== undefined) {
    return parts.join(` ${word} `);
  }
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : trans.__('%1 and %2', parts.slice(0, -1).join(', '), last);
}

function scopeOf(scope: Json | undefined): Scope {
  const given = isObject(scope) ? Object.entries(objectOf(scope)) : [];
  return Object.fromEntries(given.map(([name, value]) => [name, textOf(value)]));
}
