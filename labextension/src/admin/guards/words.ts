/** What rules and guards do, in words. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body } from '../../api/admin-types';
import { objectOf, textOf, textsOf } from '../json';
import { actionWords } from '../../calls/verdict-words';
import { type RuleKind } from './rule-form';

export function ruleSentence(kind: RuleKind, body: Body, trans: TranslationBundle): string {
  const watched =
    body['mode'] === 'monitor' ? ` ${trans.__('It only watches: nothing is changed.')}` : '';
  const said = kind === 'screening' ? screening(body, trans) : moderation(body, trans);
  return `${said}${watched}`;
}

/** `What standard finds on its way to external models is redacted; IBAN_CODE: refused.` */
function screening(body: Body, trans: TranslationBundle): string {
  const { '*': otherwise = 'redact', ...entities } = objectOf(body['entities']);
  const detectors = textsOf(body['detectors']);
  const first = trans.__(
    'What %1 finds in a request to %2 is %3',
    listed(detectors.length > 0 ? detectors : ['standard'], trans),
    whereWords(objectOf(body['for']), trans),
    actionWords(textOf(otherwise), trans)
  );
  const others = Object.entries(entities).map(([name, action]) =>
    trans.__('%1: %2', name, actionWords(textOf(action), trans))
  );
  return `${[first, ...others].join('; ')}.`;
}

/** `Answers of any model are judged by words; from 0.5 on they are refused.` */
function moderation(body: Body, trans: TranslationBundle): string {
  const target = objectOf(body['for']);
  const where = whereWords(target, trans);
  const judges = [textOf(body['guard']), ...textsOf(body['detectors'])].filter(Boolean);
  const guard = judges.length > 0 ? listed(judges, trans) : '…';
  const action = actionWords(textOf(body['action']) || 'block', trans);
  const from = textOf(body['threshold']) || '0.5';
  return target['direction'] === 'request'
    ? trans.__('A request to %1 is judged by %2; from %3 on it is %4.', where, guard, from, action)
    : trans.__('An answer of %1 is judged by %2; from %3 on it is %4.', where, guard, from, action);
}

function whereWords(target: Body, trans: TranslationBundle): string {
  const { residency, connection, model, group, application } = target;
  const models = textOf(residency)
    ? trans.__('models that are %1', textOf(residency))
    : trans.__('any model');
  const narrowed = [
    textOf(connection) && trans.__('of the connection %1', textOf(connection)),
    textOf(model) && trans.__('called %1', textOf(model)),
    textOf(group) && trans.__('for the group %1', textOf(group)),
    textOf(application) && trans.__('from the application %1', textOf(application))
  ].filter(Boolean);
  return [models, ...narrowed].join(' ');
}

function listed(names: readonly string[], trans: TranslationBundle): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : trans.__('%1 or %2', names.slice(0, -1).join(', '), last);
}
