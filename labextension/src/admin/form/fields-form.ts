/** Objects whose form is a plain list of fields. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults, faultsOf } from './faults';
import { type IField } from './fields';
import { keepTyped, readValues, typedSecrets, type Values, writeValues } from './values';

export interface IFieldsState {
  values: Values;
  /** As it was read: what no input exists for stays as it is. */
  original: Body;
}

export class FieldsForm implements IForm<IFieldsState> {
  constructor(
    readonly fields: readonly IField[],
    private readonly trans: TranslationBundle
  ) {}

  read(body: Body): IFieldsState {
    return { values: readValues(this.fields, body), original: body };
  }

  write({ values, original }: IFieldsState): Body {
    const known = new Set(this.fields.map(({ name }) => name));
    const unknown = Object.entries(original).filter(([name]) => !known.has(name));
    return { ...Object.fromEntries(unknown), ...writeValues(this.fields, values, original) };
  }

  secrets({ values }: IFieldsState): Record<string, string> {
    return typedSecrets(this.fields, values);
  }

  keepTyped(before: IFieldsState, after: IFieldsState): IFieldsState {
    return { ...after, values: keepTyped(this.fields, before.values, after.values) };
  }

  faults({ values }: IFieldsState): Faults {
    return faultsOf(this.fields, values, this.trans);
  }
}
