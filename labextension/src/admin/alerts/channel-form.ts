/** An alert channel as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type ChannelKind } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults } from '../form/faults';
import { type IField } from '../form/fields';
import { FieldsForm, type IFieldsState } from '../form/fields-form';
import { fieldsOf } from '../form/schema-fields';
import { carriedOver } from '../form/values';
import { textOf } from '../json';
import { kindName, severityName } from './words';

/** What every channel has, and is right as it is for most: it stands below what only this kind has. */
const COMMON = ['kinds', 'severities', 'quiet', 'resolved', 'enabled'];

export interface IChannelState extends IFieldsState {
  kind: string;
}

export class ChannelForm implements IForm<IChannelState> {
  constructor(kinds: readonly ChannelKind[], trans: TranslationBundle) {
    this.forms = new Map(
      kinds.map(({ name, config_schema: schema }) => [
        name,
        new FieldsForm(inOrder(fieldsOf(schema).map(one => named(one, trans))), trans)
      ])
    );
    this.none = new FieldsForm([], trans);
  }

  /** The form of what one kind asks for. */
  of(kind: string): FieldsForm {
    return this.forms.get(kind) ?? this.none;
  }

  read(body: Body): IChannelState {
    const kind = textOf(body['channel']);
    return { kind, ...this.of(kind).read(body) };
  }

  write({ kind, ...state }: IChannelState): Body {
    return { ...this.of(kind).write(state), channel: kind };
  }

  secrets(state: IChannelState): Record<string, string> {
    return this.of(state.kind).secrets(state);
  }

  keepTyped(before: IChannelState, after: IChannelState): IChannelState {
    return { ...after, ...this.of(after.kind).keepTyped(before, after) };
  }

  /** The same channel, by another kind: what both have is kept. */
  withKind(state: IChannelState, kind: string): IChannelState {
    const fresh = this.read({ channel: kind });
    return { ...fresh, values: carriedOver(state.values, fresh.values) };
  }

  faults(state: IChannelState): Faults {
    return this.of(state.kind).faults(state);
  }

  private readonly forms: ReadonlyMap<string, FieldsForm>;
  private readonly none: FieldsForm;
}

/** Kinds and severities as the list of alerts calls them. */
function named(field: IField, trans: TranslationBundle): IField {
  const { input } = field;
  if (input.kind !== 'ticks') {
    return field;
  }
  const words = field.name === 'kinds' ? kindName : severityName;
  const labels = Object.fromEntries(input.options.map(one => [one, words(one, trans)]));
  return { ...field, input: { ...input, labels } };
}

function inOrder(fields: readonly IField[]): IField[] {
  const isCommon = ({ name }: IField): boolean => COMMON.includes(name);
  return [...fields.filter(one => !isCommon(one)), ...fields.filter(isCommon)];
}
