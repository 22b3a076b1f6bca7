/** For which purposes a group opens a model. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json, type Setting } from '../../api/admin-types';
import { objectOf, textsOf } from '../json';
import { fits } from './globs';

/** A model or a pattern, and the purposes it is open for, as they are typed. */
export interface IPurposeLine {
  models: string;
  /** With commas between; one within a purpose is written `\,`. */
  purposes: string;
}

export function purposeLines(body: Body): IPurposeLine[] {
  return Object.entries(objectOf(body['purposes_for'])).map(([models, purposes]) => ({
    models,
    purposes: textsOf(purposes)
      .map(purpose => purpose.replaceAll(',', '\\,'))
      .join(', ')
  }));
}

/** As mesh.yaml says it; what was typed twice for one pattern is one entry. */
export function purposesFor(lines: readonly IPurposeLine[]): Record<string, Json> {
  const found: Record<string, string[]> = {};
  for (const { models, purposes } of lines.filter(one => !isEmpty(one))) {
    const name = models.trim();
    found[name] = [...new Set([...(found[name] ?? []), ...wordsOf(purposes)])];
  }
  return found;
}

/** What is wrong with the lines; empty when nothing is. */
export function purposesFault(
  lines: readonly IPurposeLine[],
  declared: readonly string[],
  trans: TranslationBundle
): string {
  for (const line of lines.filter(one => !isEmpty(one))) {
    const words = wordsOf(line.purposes);
    const unknown = words.find(word => declared.length > 0 && !declared.includes(word));
    if (line.models.trim() === '') {
      return trans.__('Write a model or a pattern beside “%1”.', line.purposes);
    }
    if (words.length === 0) {
      return trans.__('Write at least one purpose beside %1.', line.models);
    }
    if (unknown !== undefined) {
      return trans.__('“%1” is not among the purposes of this group.', unknown);
    }
  }
  return '';
}

/** The purposes for which a group opens a model; none where it opens it for any. */
export function purposesOf({ body }: Setting, model: string): string[] {
  const all = Object.entries(objectOf(body['purposes_for']));
  return [
    ...new Set(all.filter(([glob]) => fits(model, glob)).flatMap(([, words]) => textsOf(words)))
  ];
}

function isEmpty({ models, purposes }: IPurposeLine): boolean {
  return models.trim() === '' && purposes.trim() === '';
}

function wordsOf(text: string): string[] {
  return (text.match(/(?:\\,|[^,])+/g) ?? [])
    .map(word => word.trim().replaceAll('\\,', ','))
    .filter(word => word !== '');
}
