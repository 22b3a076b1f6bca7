import { type TranslationBundle } from '@jupyterlab/translation';

import { type Json } from '../../api/admin-types';
import { isObject } from '../json';

/** A value as people read it: no braces, no quotes, and of a key only that there is one. */
export function valueWords(value: Json | undefined, trans: TranslationBundle): string {
  if (value === undefined || value === null) {
    return trans.__('nothing');
  }
  if (typeof value === 'boolean') {
    return value ? trans.__('yes') : trans.__('no');
  }
  if (typeof value === 'string' && value.startsWith('store:')) {
    return trans.__('a sealed key');
  }
  if (Array.isArray(value)) {
    return value.length === 0
      ? trans.__('nothing')
      : value.map(item => valueWords(item, trans)).join(', ');
  }
  if (isObject(value)) {
    const parts = Object.entries(value).map(([name, item]) => `${name} ${valueWords(item, trans)}`);
    return parts.length === 0 ? trans.__('nothing further') : parts.join(', ');
  }
  return String(value);
}
