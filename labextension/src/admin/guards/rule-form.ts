/** A rule of screening or moderation as its form holds it: the form is the gateway's own schema. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type GuardForms, type GuardInForce } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults } from '../form/faults';
import { type IField } from '../form/fields';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { everyFieldOf } from '../form/schema-fields';
import { textOf, textsOf } from '../json';
import { flattened, unflattened } from './nested';

export type RuleKind = 'screening' | 'moderation';

/** What stands first in a form, in this order; what a later version adds comes behind it. */
const FIRST = ['detectors', 'guard', 'entities', 'thresholds', 'threshold', 'categories', 'action'];
const TARGET = 'for.';
/** Stands for the detectors that are there without being set. */
const STANDARD = 'standard';

export class GuardRuleForm implements IForm<IFieldsState> {
  constructor(kind: RuleKind, forms: GuardForms, body: Body, trans: TranslationBundle) {
    const schema = kind === 'screening' ? forms.screening_schema : forms.moderation_schema;
    const fields = everyFieldOf(schema)
      .filter(({ name }) => name !== 'name')
      .map(field => known(field, forms.in_force, body, trans));
    this.whole = new FieldsForm(fields, trans);
    this.target = fields.filter(({ name }) => name.startsWith(TARGET));
    this.rule = inOrder(fields.filter(({ name }) => !name.startsWith(TARGET)));
  }

  /** Which calls it is about, and all else. */
  readonly target: readonly IField[];
  readonly rule: readonly IField[];

  read(body: Body): IFieldsState {
    const names = this.whole.fields.map(({ name }) => name);
    return this.whole.read(flattened(body, names));
  }

  write(state: IFieldsState): Body {
    return unflattened(this.whole.write(state));
  }

  faults(state: IFieldsState): Faults {
    return this.whole.faults(state);
  }

  private readonly whole: FieldsForm;
}

/** With the guards and entities there are to choose from. */
function known(
  field: IField,
  inForce: readonly GuardInForce[],
  body: Body,
  trans: TranslationBundle
): IField {
  const { input } = field;
  const named = (finds: GuardInForce['finds']): string[] =>
    inForce.filter(one => one.finds === finds).map(({ name }) => name);
  switch (field.name) {
    case 'detectors': {
      const all = new Set([STANDARD, ...named('spans'), ...textsOf(body['detectors'])]);
      const labels = { [STANDARD]: trans.__('standard') };
      return { ...field, input: { kind: 'ticks', options: [...all], labels } };
    }
    case 'guard': {
      const all = new Set([...named('verdicts'), textOf(body['guard'])].filter(Boolean));
      const options = [...all].map(value => ({ value, label: value }));
      return {
        ...field,
        input: { kind: 'choice', options: [{ value: null, label: '' }, ...options] }
      };
    }
    default: {
      if (input.kind !== 'map') {
        return field;
      }
      const entities = new Set(['*', ...inForce.flatMap(one => one.entities ?? [])]);
      return { ...field, input: { ...input, names: [...entities].sort() } };
    }
  }
}

function inOrder(fields: readonly IField[]): IField[] {
  const place = ({ name }: IField): number => {
    const at = FIRST.indexOf(name);
    return at < 0 ? FIRST.length : at;
  };
  return [...fields].sort((a, b) => place(a) - place(b));
}
