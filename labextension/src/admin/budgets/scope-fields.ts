import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { type IField, type Input } from '../form/fields';
import { objectOf } from '../json';

/** Whom or what a rule is about; all that are given must match. */
export const SCOPE = ['user', 'group', 'application', 'key', 'connection', 'model'] as const;

export function scopeFields(trans: TranslationBundle): IField[] {
  const text = (name: string, title: string): IField => ({
    name,
    title,
    description: '',
    required: false,
    fallback: undefined,
    input: { kind: 'text' }
  });
  return [
    text('user', trans.__('User')),
    text('group', trans.__('Group')),
    text('application', trans.__('Application')),
    text('key', trans.__('API key')),
    text('connection', trans.__('Connection')),
    text('model', trans.__('Model'))
  ];
}

/** The fields of a rule, its scope's among them as `scope.user` and so on. */
export function flat(body: Body): Body {
  const { scope, ...others } = body;
  const inScope = Object.entries(objectOf(scope)).map(([name, value]) => [`scope.${name}`, value]);
  return { ...others, ...(Object.fromEntries(inScope) as Body) };
}

export function nested(body: Body): Body {
  const entries = Object.entries(body);
  const inScope = entries.filter(([name]) => name.startsWith('scope.'));
  const others = entries.filter(([name]) => !name.startsWith('scope.'));
  return {
    ...Object.fromEntries(others),
    scope: Object.fromEntries(inScope.map(([name, value]) => [name.slice('scope.'.length), value]))
  };
}

export function ruleField(
  name: string,
  title: string,
  description: string,
  input: Input,
  more: { fallback?: Json; required?: boolean } = {}
): IField {
  return {
    name,
    title,
    description,
    input,
    fallback: more.fallback,
    required: more.required === true
  };
}
