/** The JSON Schema of a provider's settings as the fields of a form. */
import { type Body, type Json } from '../../api/admin-types';
import { isObject, objectOf, textOf, textsOf } from '../json';
import { type IField, type Input, type IOption } from './fields';

/** Words that are written in capitals. */
const ACRONYMS: ReadonlySet<string> = new Set([
  'api',
  'arn',
  'aws',
  'ca',
  'cpu',
  'gpu',
  'http',
  'id',
  'ip',
  'json',
  'ssl',
  'tls',
  'url'
]);

export function fieldsOf(schema: Body): IField[] {
  const required = new Set(textsOf(schema['required']));
  return Object.entries(objectOf(schema['properties'])).map(([name, property]) => {
    const given = resolved(property, schema);
    return {
      name,
      title: titleOf(name, textOf(given['title'])),
      description: textOf(given['description']),
      required: required.has(name),
      ...(given['x-rare'] === true ? { isRare: true } : {}),
      fallback: given['default'],
      input: inputOf(name, given, schema)
    };
  });
}

/** `base_url` is "Base URL". A title somebody has written stands; one made from the name does not. */
export function titleOf(name: string, title = ''): string {
  const words = name.split('_').filter(word => word !== '');
  const made = words.map(word => word[0]?.toUpperCase() + word.slice(1)).join(' ');
  if (title !== '' && title !== made) {
    return title;
  }
  const spelt = words.map(word => (ACRONYMS.has(word) ? word.toUpperCase() : word)).join(' ');
  return spelt.charAt(0).toUpperCase() + spelt.slice(1);
}

function inputOf(name: string, property: Body, schema: Body): Input {
  const { inner, isNullable } = withoutNull(property, schema);
  const says = (key: string): Json | undefined => property[key] ?? inner[key];
  if (says('format') === 'secret' || says('writeOnly') === true || name === 'api_key') {
    return { kind: 'secret' };
  }
  const options = optionsOf(inner);
  if (options !== null) {
    const none: IOption[] = isNullable ? [{ value: null, label: '' }] : [];
    return { kind: 'choice', options: [...none, ...options] };
  }
  switch (textOf(inner['type'])) {
    case 'boolean':
      return { kind: 'flag' };
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        integer: inner['type'] === 'integer',
        ...bound('minimum', inner['minimum']),
        ...bound('above', inner['exclusiveMinimum']),
        ...bound('maximum', inner['maximum'])
      };
    case 'string':
      return { kind: inner['format'] === 'duration' ? 'duration' : 'text' };
    case 'array': {
      const some = optionsOf(resolved(inner['items'], schema));
      if (some !== null) {
        return { kind: 'ticks', options: some.map(({ label }) => label) };
      }
      return isText(inner['items'], schema) ? { kind: 'lines' } : { kind: 'kept' };
    }
    case 'object':
      return mapOf(name, resolved(inner['additionalProperties'], schema));
    default:
      return { kind: 'kept' };
  }
}

function mapOf(name: string, values: Body): Input {
  const some = optionsOf(values);
  if (some !== null) {
    return { kind: 'map', secret: false, holds: { options: some.map(({ label }) => label) } };
  }
  switch (textOf(values['type'])) {
    case 'string':
      return { kind: 'map', secret: name === 'headers' || isSecret(values) };
    case 'number':
    case 'integer':
      return { kind: 'map', secret: false, holds: 'numbers' };
    default:
      return { kind: 'kept' };
  }
}

/**
 * The fields of a schema with those of its objects among them, as `for.model`; what has no input
 * otherwise is written as JSON, so that every field can be set.
 */
export function everyFieldOf(schema: Body): IField[] {
  const properties = objectOf(schema['properties']);
  return fieldsOf(schema)
    .map(withoutChoice)
    .flatMap(field => {
      const { inner } = withoutNull(resolved(properties[field.name], schema), schema);
      if (field.input.kind !== 'kept') {
        return [field];
      }
      if (isObject(inner['properties'])) {
        const within = fieldsOf({ ...inner, $defs: schema['$defs'] ?? {} });
        return within.map(one => ({
          ...one,
          name: `${field.name}.${one.name}`,
          ...(one.input.kind === 'kept' && { input: { kind: 'json' } as const })
        }));
      }
      return [{ ...field, input: { kind: 'json' } as const }];
    });
}

/** Where something must be chosen nothing is, until somebody does. */
function withoutChoice(field: IField): IField {
  const { input, required, fallback } = field;
  return input.kind === 'choice' && required && fallback === undefined
    ? { ...field, input: { ...input, options: [{ value: null, label: '' }, ...input.options] } }
    : field;
}

/** `anyOf: [X, null]` is X that may be left out; other unions have no input. */
function withoutNull(property: Body, schema: Body): { inner: Body; isNullable: boolean } {
  const branches = property['anyOf'] ?? property['oneOf'];
  if (!Array.isArray(branches)) {
    return { inner: property, isNullable: false };
  }
  const all = branches.map(branch => resolved(branch, schema));
  const others = all.filter(branch => branch['type'] !== 'null');
  return { inner: simplest(others) ?? {}, isNullable: others.length < all.length };
}

/** The only branch, or a text beside numbers: `30s` or seconds. */
function simplest(branches: readonly Body[]): Body | undefined {
  if (branches.length === 1) {
    return branches[0];
  }
  const types = branches.map(branch => branch['type']);
  const areScalars = types.every(
    type => type === 'string' || type === 'number' || type === 'integer'
  );
  return areScalars ? branches.find(branch => branch['type'] === 'string') : undefined;
}

function optionsOf(inner: Body): IOption[] | null {
  const values = Array.isArray(inner['enum'])
    ? inner['enum']
    : inner['const'] === undefined
      ? null
      : [inner['const']];
  return values?.map(value => ({ value, label: textOf(value) })) ?? null;
}

function bound<K extends string>(name: K, value: Json | undefined): Partial<Record<K, number>> {
  return typeof value === 'number' ? ({ [name]: value } as Record<K, number>) : {};
}

function isText(items: Json | undefined, schema: Body): boolean {
  return isObject(items) && resolved(items, schema)['type'] === 'string';
}

function isSecret({ format, writeOnly }: Body): boolean {
  return format === 'secret' || writeOnly === true;
}

/** A `$ref` into the schema's own definitions, looked up; what stands beside it counts more. */
function resolved(property: Json | undefined, schema: Body): Body {
  const given = objectOf(property);
  const reference = given['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#/$defs/')) {
    return given;
  }
  const target = objectOf(objectOf(schema['$defs'])[reference.slice('#/$defs/'.length)]);
  return { ...target, ...given };
}
