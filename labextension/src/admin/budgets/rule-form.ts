/** Budgets and limits as their forms hold them. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults, faultsOf, numberFault } from '../form/faults';
import { type IField } from '../form/fields';
import { readValues, type Values, writeValues } from '../form/values';
import { windowWords } from '../ui/windows';
import { isAsked, LENGTH, ROLLING, rollingRead, rollingWritten, WINDOWS } from './rolling-window';
import { flat, nested, ruleField, scopeFields } from './scope-fields';

export type RuleKind = 'budgets' | 'limits';

export interface IRuleState {
  values: Values;
  /** Shares at which a budget alerts, in per cent as typed: `80, 100`. */
  alerts: string;
  original: Body;
}

export class RuleForm implements IForm<IRuleState> {
  constructor(
    private readonly kind: RuleKind,
    private readonly trans: TranslationBundle
  ) {
    this.rule = kind === 'budgets' ? budgetFields(trans) : limitFields(trans);
    this.scope = scopeFields(trans).map(field => ({ ...field, name: `scope.${field.name}` }));
  }

  readonly rule: readonly IField[];
  readonly scope: readonly IField[];

  read(body: Body): IRuleState {
    // A limit without a scope is for each user; said outright, so that it can be seen and changed.
    const scope = body['scope'] ?? (this.kind === 'limits' ? { user: '*' } : {});
    return {
      values: readValues(this.fields, flat({ ...body, ...rollingRead(body['window']), scope })),
      alerts: alertText(body['alert_at']),
      original: body
    };
  }

  write({ values, alerts, original }: IRuleState): Body {
    const read = flat({ ...original, ...rollingRead(original['window']) });
    const { alert_at: before, ...written } = writeValues(this.fields, values, read);
    const others = rollingWritten(written);
    const shares = alertShares(alerts);
    const isUsual = alertText(undefined) === shares.map(percent).join(', ');
    const unknown = Object.entries(original).filter(
      ([name]) => name !== 'scope' && name !== 'alert_at' && !this.names.has(name)
    );
    return {
      ...Object.fromEntries(unknown),
      ...nested(others),
      ...(this.kind === 'budgets' &&
        (!isUsual || before !== undefined || original['alert_at'] !== undefined) && {
          alert_at: shares
        })
    };
  }

  faults({ values, alerts }: IRuleState): Faults {
    const asked = this.fields.filter(field => isAsked(field, values));
    const wrong = faultsOf(asked, values, this.trans);
    if (this.kind === 'budgets') {
      const parts = alerts.split(',').map(part => part.trim());
      const fault = parts
        .filter(part => part !== '')
        .map(part => numberFault(part, { integer: false, above: 0 }, this.trans))
        .find(one => one !== '');
      return fault ? { ...wrong, alert_at: fault } : wrong;
    }
    const isAnySet = LIMITS.some(name => values[name] !== '');
    return isAnySet
      ? wrong
      : { ...wrong, parallel: this.trans.__('Set at least one of the three.') };
  }

  /** The fields of the rule that say something beside the others. */
  asked({ values }: IRuleState): IField[] {
    return this.rule.filter(field => isAsked(field, values));
  }

  private get fields(): IField[] {
    return [...this.rule, ...this.scope];
  }
  private get names(): Set<string> {
    return new Set(this.rule.map(({ name }) => name));
  }
}

const LIMITS = ['requests_per_minute', 'tokens_per_minute', 'parallel'] as const;

function budgetFields(trans: TranslationBundle): IField[] {
  return [
    ruleField(
      'limit_usd',
      trans.__('Amount in $'),
      '',
      { kind: 'number', integer: false, minimum: 0 },
      { required: true }
    ),
    ruleField(
      'window',
      trans.__('In'),
      '',
      {
        kind: 'choice',
        options: WINDOWS.map(value => ({
          value,
          label: value === ROLLING ? trans.__('a rolling window') : windowWords(value, trans)
        }))
      },
      { fallback: 'month' }
    ),
    ruleField(
      LENGTH,
      trans.__('Length of the window'),
      trans.__('Such as 90m, 24h or 7d; a minute at least.'),
      { kind: 'duration' },
      { required: true }
    ),
    ruleField(
      'timezone',
      trans.__('Time zone'),
      trans.__('In which a day, a week, a month begins, such as Europe/Berlin.'),
      { kind: 'text' },
      { fallback: 'UTC' }
    ),
    ruleField(
      'on_limit',
      trans.__('When it is used up'),
      '',
      {
        kind: 'choice',
        options: [
          { value: 'block', label: trans.__('refuse calls') },
          { value: 'warn', label: trans.__('raise an alert, calls go on') }
        ]
      },
      { fallback: 'block' }
    ),
    ruleField(
      'unknown_price',
      trans.__('Models without a price'),
      '',
      {
        kind: 'choice',
        options: [
          { value: 'maximum', label: trans.__('charge them like the dearest model') },
          { value: 'refuse', label: trans.__('refuse them') },
          { value: 'allow', label: trans.__('let them pass, marked as unpriced') }
        ]
      },
      { fallback: 'maximum' }
    ),
    ruleField(
      'fallback',
      trans.__('Only where no other pays'),
      trans.__('For models that no other budget of the caller covers.'),
      { kind: 'flag' },
      { fallback: false }
    ),
    ruleField(
      'reserve_output_tokens',
      trans.__('Reserved for an answer'),
      trans.__('Tokens that are held before a call that names no length; the rest is given back.'),
      { kind: 'number', integer: true, minimum: 1 },
      { fallback: 2048 }
    )
  ];
}

function limitFields(trans: TranslationBundle): IField[] {
  const count = { kind: 'number', integer: true, minimum: 1 } as const;
  return [
    ruleField('requests_per_minute', trans.__('Requests a minute'), '', count),
    ruleField('tokens_per_minute', trans.__('Tokens a minute'), '', count),
    ruleField('parallel', trans.__('Calls at once'), '', count),
    ruleField(
      'wait_seconds',
      trans.__('Wait, seconds'),
      trans.__('How long a call waits for its turn before it is refused; 0 refuses at once.'),
      { kind: 'number', integer: false, minimum: 0, maximum: 60 },
      { fallback: 2 }
    )
  ];
}

function alertText(shares: Json | undefined): string {
  const given = Array.isArray(shares) ? shares : [0.8, 1];
  return given.map(share => percent(Number(share))).join(', ');
}

function alertShares(text: string): number[] {
  return text
    .split(',')
    .filter(part => part.trim() !== '')
    .map(part => Number((Number(part) / 100).toPrecision(12)));
}

function percent(share: number): number {
  return Number((share * 100).toPrecision(12));
}
