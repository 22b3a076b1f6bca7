/** What stands in a form's inputs, read from a body and written back. */
import { type Body, type Json } from '../../api/admin-types';
import { isSame, objectOf, textOf, textsOf } from '../json';
import { durationOf, durationText } from './durations';
import { type IField, type MapValues } from './fields';

/** A key that is there (by its reference), and what was typed to take its place. */
export interface ISecretValue {
  kept: string | null;
  typed: string;
}

/** One line of a map; `value.kept` only where values are keys. */
export interface IPair {
  name: string;
  value: ISecretValue;
}

export type Value = string | boolean | ISecretValue | IPair[];
export type Values = Record<string, Value>;

/** Text that says where a key stands, and is no key itself. */
const REFERENCE = /^(env|file|store):./;

export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

export function readValues(fields: readonly IField[], body: Body): Values {
  return Object.fromEntries(fields.map(field => [field.name, readValue(field, body[field.name])]));
}

function readValue({ input, fallback }: IField, written: Json | undefined): Value {
  switch (input.kind) {
    case 'flag':
      return (written ?? fallback) === true;
    case 'choice': {
      const chosen = written === undefined ? (fallback ?? null) : written;
      return String(
        Math.max(
          0,
          input.options.findIndex(({ value }) => isSame(value, chosen))
        )
      );
    }
    case 'duration':
      return durationText(written);
    case 'lines':
      return textsOf(written).join('\n');
    case 'ticks':
      return textsOf(written ?? fallback).join('\n');
    case 'secret':
      return { kept: typeof written === 'string' && written !== '' ? written : null, typed: '' };
    case 'map':
      return Object.entries(objectOf(written)).map(([name, value]) => ({
        name,
        value: input.secret
          ? { kept: textOf(value), typed: '' }
          : { kept: null, typed: textOf(value) }
      }));
    case 'json':
      return written === undefined ? '' : JSON.stringify(written, null, 2);
    case 'kept':
      return '';
    case 'text':
    case 'moment':
    case 'number':
      return textOf(written);
  }
}

/** The body that the inputs say; `original` keeps what no input exists for. */
export function writeValues(fields: readonly IField[], values: Values, original: Body): Body {
  const body: Body = {};
  for (const field of fields) {
    const value = writeValue(field, values[field.name], original[field.name]);
    const goesWithoutSaying =
      isSame(value, field.fallback ?? null) && original[field.name] === undefined;
    if (value !== undefined && !goesWithoutSaying) {
      body[field.name] = value;
    }
  }
  return body;
}

function writeValue(
  { input }: IField,
  value: Value | undefined,
  original: Json | undefined
): Json | undefined {
  switch (input.kind) {
    case 'kept':
      return original;
    case 'flag':
      return value === true;
    case 'choice':
      return input.options[Number(value)]?.value;
    case 'number':
      return trimmed(value) === '' ? undefined : Number(trimmed(value));
    case 'duration':
      return trimmed(value) === '' ? undefined : (durationOf(trimmed(value)) ?? trimmed(value));
    case 'lines':
    case 'ticks':
      return listOrNothing(linesOf(trimmed(value)));
    case 'text':
    case 'moment':
      return trimmed(value) === '' ? undefined : trimmed(value);
    case 'secret':
      return isSecretValue(value) ? referenceOf(value) : undefined;
    case 'json':
      return trimmed(value) === '' ? undefined : (jsonOf(trimmed(value)) ?? trimmed(value));
    case 'map': {
      const pairs = Array.isArray(value) ? value.filter(({ name }) => name.trim() !== '') : [];
      const entries = pairs.flatMap(({ name, value: one }): [string, Json][] => {
        const written = input.secret ? referenceOf(one) : mapValue(one.typed, input.holds);
        return written === undefined ? [] : [[name.trim(), written]];
      });
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    }
  }
}

/** Keys that were typed, by the field they belong to; references are no keys and stand in the body. */
export function typedSecrets(fields: readonly IField[], values: Values): Record<string, string> {
  const secrets: Record<string, string> = {};
  const note = (path: string, { typed }: ISecretValue): void => {
    if (typed.trim() !== '' && !isReference(typed.trim())) {
      secrets[path] = typed.trim();
    }
  };
  for (const { name, input } of fields) {
    const value = values[name];
    if (input.kind === 'secret' && isSecretValue(value)) {
      note(name, value);
    } else if (input.kind === 'map' && input.secret && Array.isArray(value)) {
      value.forEach(pair => pair.name.trim() && note(`${name}.${pair.name.trim()}`, pair.value));
    }
  }
  return secrets;
}

/** After another body was read: typed keys are in no body, so they are taken over from before. */
export function keepTyped(fields: readonly IField[], before: Values, after: Values): Values {
  const kept = fields.filter(
    ({ input }) => input.kind === 'secret' || (input.kind === 'map' && input.secret)
  );
  const taken = kept.map(({ name }): [string, Value] => [name, merged(before[name], after[name])]);
  return { ...after, ...Object.fromEntries(taken) };
}

/** What was typed in another form, where this one has the same input; `fresh` is all that it has. */
export function carriedOver(before: Values, fresh: Values): Values {
  const both = Object.entries(before).filter(
    ([name, value]) => name in fresh && typeof value === typeof fresh[name]
  );
  return { ...fresh, ...Object.fromEntries(both) };
}

function merged(before: Value | undefined, after: Value | undefined): Value {
  if (isSecretValue(before) && isSecretValue(after)) {
    return before.typed === '' ? after : { ...after, typed: before.typed };
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const typed = before.filter(({ value }) => value.typed !== '');
    const names = new Set(typed.map(({ name }) => name));
    return [...after.filter(({ name }) => !names.has(name)), ...typed];
  }
  return after ?? '';
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

function referenceOf({ kept, typed }: ISecretValue): string | undefined {
  const text = typed.trim();
  if (text === '') {
    return kept ?? undefined;
  }
  return isReference(text) ? text : undefined;
}

function isSecretValue(value: Value | undefined): value is ISecretValue {
  return typeof value === 'object' && !Array.isArray(value);
}

/** A number stays what was typed as long as it is none: the form says so, and the gateway too. */
function mapValue(typed: string, holds: MapValues | undefined): Json {
  const number = Number(typed);
  return holds === 'numbers' && typed.trim() !== '' && Number.isFinite(number) ? number : typed;
}

/** What a text says as JSON; undefined where it is none. */
export function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function trimmed(value: Value | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}

function listOrNothing(list: string[]): string[] | undefined {
  return list.length > 0 ? list : undefined;
}
