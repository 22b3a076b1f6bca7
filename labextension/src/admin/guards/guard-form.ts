/** A guard as its form holds it: what kind it is, and what that kind asks for. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type GuardKind } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults } from '../form/faults';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { everyFieldOf } from '../form/schema-fields';
import { carriedOver } from '../form/values';
import { textOf } from '../json';
import { flattened, unflattened } from './nested';

export interface IGuardState extends IFieldsState {
  kind: string;
}

export class GuardForm implements IForm<IGuardState> {
  constructor(kinds: readonly GuardKind[], trans: TranslationBundle) {
    this.forms = new Map(
      kinds.map(({ name, config_schema: schema }) => [
        name,
        new FieldsForm(everyFieldOf(schema), trans)
      ])
    );
    this.none = new FieldsForm([], trans);
  }

  /** The form of what one kind asks for. */
  of(kind: string): FieldsForm {
    return this.forms.get(kind) ?? this.none;
  }

  read(body: Body): IGuardState {
    const kind = textOf(body['guard']);
    const form = this.of(kind);
    const names = form.fields.map(({ name }) => name);
    return { kind, ...form.read(flattened(body, names)) };
  }

  write({ kind, ...state }: IGuardState): Body {
    return { ...unflattened(this.of(kind).write(state)), guard: kind };
  }

  secrets(state: IGuardState): Record<string, string> {
    return this.of(state.kind).secrets(state);
  }

  keepTyped(before: IGuardState, after: IGuardState): IGuardState {
    return { ...after, ...this.of(after.kind).keepTyped(before, after) };
  }

  /** The same guard, of another kind: what both have is kept. */
  withKind(state: IGuardState, kind: string): IGuardState {
    const fresh = this.read({ guard: kind });
    return { ...fresh, values: carriedOver(state.values, fresh.values) };
  }

  faults(state: IGuardState): Faults {
    return this.of(state.kind).faults(state);
  }

  private readonly forms: ReadonlyMap<string, FieldsForm>;
  private readonly none: FieldsForm;
}
