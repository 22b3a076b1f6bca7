/** A raise of a budget as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body } from '../../api/admin-types';
import { formatUsd } from '../../money';
import { type IForm } from '../editing/editor';
import { type Faults } from '../form/faults';
import { type IField } from '../form/fields';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { textOf } from '../json';
import { momentOf, momentWords, typedMoment } from '../ui/moments';
import { ruleField } from './scope-fields';

export const UNTIL = 'until';
const SHARE = /^(user|group|application|key)=./;
const LONGEST_NAME = 100;

export class RaiseForm implements IForm<IFieldsState> {
  constructor(
    budgets: readonly string[],
    private readonly trans: TranslationBundle
  ) {
    this.form = new FieldsForm(fieldsOfRaise(budgets, trans), trans);
  }

  get fields(): readonly IField[] {
    return this.form.fields;
  }

  read(body: Body): IFieldsState {
    return this.form.read({ ...body, until: typedMoment(textOf(body[UNTIL])) });
  }

  write(state: IFieldsState): Body {
    const body = this.form.write(state);
    return { ...body, until: momentOf(textOf(body[UNTIL])) ?? '' };
  }

  faults(state: IFieldsState): Faults {
    const { share, until } = state.values;
    const found = this.form.faults(state);
    const { trans } = this;
    if (typeof share === 'string' && share.trim() !== '' && !SHARE.test(share.trim())) {
      found['share'] = trans.__('Write user=NAME, group=NAME, application=NAME or key=NAME.');
    }
    const end = momentOf(typeof until === 'string' ? until : '');
    if (end !== null && new Date(end) <= new Date()) {
      found[UNTIL] = trans.__('This has passed already.');
    }
    return found;
  }

  private readonly form: FieldsForm;
}

/** A name that says what it is, as the command line makes it; of those that are taken none. */
export function raiseName(body: Body, taken: readonly string[]): string {
  const share = textOf(body['share']);
  const until = textOf(body[UNTIL]).slice(0, 16).replace('T', ' ');
  const name = `${textOf(body['budget'])}${share && ` for ${share}`} until ${until}`;
  const free = (count: number): string => {
    const end = count === 1 ? '' : ` (${count})`;
    const made = name.slice(0, LONGEST_NAME - end.length) + end;
    return taken.includes(made) ? free(count + 1) : made;
  };
  return free(1);
}

/** `Each share of allowance may spend $20.00 until Nov 30, 2026, 6:00 PM.` */
export function raiseSentence(body: Body, trans: TranslationBundle): string {
  const [budget, share, limit] = ['budget', 'share', 'limit_usd'].map(one => textOf(body[one]));
  const until = textOf(body[UNTIL]);
  const who = share ? trans.__('%1 of %2', share, budget || '…') : budget || '…';
  return trans.__(
    '%1 may spend %2 until %3; then its own limit holds again.',
    who,
    limit ? formatUsd(limit) : '$…',
    until ? momentWords(until) : '…'
  );
}

/** Whether it changes nothing, since the budget allows as much by itself. */
export function isIdle(body: Body, budget: Body | undefined): boolean {
  const [limit, usual] = [textOf(body['limit_usd']), textOf(budget?.['limit_usd'])];
  return limit !== '' && usual !== '' && Number(limit) <= Number(usual);
}

export function isOver(body: Body): boolean {
  return new Date(textOf(body[UNTIL])) <= new Date();
}

function fieldsOfRaise(budgets: readonly string[], trans: TranslationBundle): IField[] {
  return [
    ruleField(
      'budget',
      trans.__('Budget'),
      '',
      { kind: 'choice', options: budgets.map(name => ({ value: name, label: name })) },
      { required: true }
    ),
    ruleField(
      'share',
      trans.__('Only for'),
      trans.__('One of those who have it apart, such as `user=ada`; empty: all of them.'),
      { kind: 'text' }
    ),
    ruleField(
      'limit_usd',
      trans.__('May spend, in $'),
      trans.__('In all, in its window; not on top of its own limit.'),
      { kind: 'number', integer: false, minimum: 0 },
      { required: true }
    ),
    ruleField(UNTIL, trans.__('Until'), '', { kind: 'moment' }, { required: true }),
    ruleField(
      'reason',
      trans.__('Why'),
      trans.__('Kept in the record of changes.'),
      { kind: 'text' },
      { required: true }
    )
  ];
}
