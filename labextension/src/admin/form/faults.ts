/** What is wrong with what was typed, said before anything is sent. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { durationOf } from './durations';
import { type IField } from './fields';
import { type IPair, jsonOf, type Value, type Values } from './values';

const ANY = { integer: false };

export type Faults = Record<string, string>;

export function faultsOf(
  fields: readonly IField[],
  values: Values,
  trans: TranslationBundle
): Faults {
  const found = fields.map(field => [field.name, faultOf(field, values[field.name], trans)]);
  return Object.fromEntries(found.filter(([, fault]) => fault !== '')) as Faults;
}

function faultOf(field: IField, value: Value | undefined, trans: TranslationBundle): string {
  const text = typeof value === 'string' ? value.trim() : '';
  const { input } = field;
  if (input.kind === 'map') {
    const pairs = Array.isArray(value) ? value : [];
    const isWrong = ({ name, value: { typed } }: IPair): boolean =>
      input.holds === 'numbers' &&
      name.trim() !== '' &&
      numberFault(typed.trim(), ANY, trans) !== '';
    return pairs.some(isWrong)
      ? trans.__('Write a number beside each name.')
      : mapFault(
          pairs.map(({ name }) => name.trim()),
          trans
        );
  }
  if (input.kind === 'secret') {
    const isThere =
      typeof value === 'object' && !Array.isArray(value) && (value.kept ?? value.typed);
    return field.required && !isThere ? trans.__('This is needed.') : '';
  }
  if (text === '') {
    const isTyped = ['text', 'number', 'duration', 'moment', 'lines', 'json'].includes(input.kind);
    return field.required && isTyped ? trans.__('This is needed.') : '';
  }
  if (input.kind === 'choice') {
    const isOpen = field.required && input.options[Number(text)]?.value === null;
    return isOpen ? trans.__('Choose one.') : '';
  }
  if (input.kind === 'json') {
    return jsonOf(text) === undefined ? trans.__('This is not JSON.') : '';
  }
  if (input.kind === 'duration' && durationOf(text) === null) {
    return trans.__('Write a time such as 30s, 10m, 12h or 7d.');
  }
  return input.kind === 'number' ? numberFault(text, input, trans) : '';
}

export function numberFault(
  text: string,
  limits: { integer: boolean; minimum?: number; above?: number; maximum?: number },
  trans: TranslationBundle
): string {
  const number = Number(text);
  if (!/^-?\d*\.?\d+$/.test(text) || !Number.isFinite(number)) {
    return trans.__('Write a number.');
  }
  if (limits.integer && !Number.isInteger(number)) {
    return trans.__('Write a whole number.');
  }
  if (limits.minimum !== undefined && number < limits.minimum) {
    return trans.__('At least %1.', limits.minimum);
  }
  if (limits.above !== undefined && number <= limits.above) {
    return trans.__('More than %1.', limits.above);
  }
  if (limits.maximum !== undefined && number > limits.maximum) {
    return trans.__('At most %1.', limits.maximum);
  }
  return '';
}

function mapFault(names: readonly string[], trans: TranslationBundle): string {
  const given = names.filter(name => name !== '');
  return new Set(given).size < given.length ? trans.__('A name stands here twice.') : '';
}

/** What is wrong with the name of a new object. `form` is what a name may be made of. */
export function nameFault(
  name: string,
  taken: readonly string[],
  form: RegExp,
  trans: TranslationBundle
): string {
  if (name === '') {
    return trans.__('This is needed.');
  }
  if (taken.includes(name)) {
    return trans.__('There is already one of this name.');
  }
  return form.test(name) ? '' : trans.__('Letters, digits, “_”, “.” and “-” only.');
}
