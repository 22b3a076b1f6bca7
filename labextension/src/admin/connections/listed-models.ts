/** The models an admin lists for a connection, and what is written beside each. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type Json } from '../../api/admin-types';
import { objectOf, textOf, textsOf, without } from '../json';

export interface IListedModel {
  name: string;
  /** USD per million tokens as typed; both empty: the price list's. */
  input: string;
  output: string;
  internal: boolean;
  /** Whatever else stands beside it. */
  rest: Body;
}

/** `[a, b]` is short for `{a: {}, b: {}}`. */
export function readModels(models: Json | undefined): IListedModel[] {
  if (Array.isArray(models)) {
    return textsOf(models).map(name => newModel(name));
  }
  return Object.entries(objectOf(models)).map(([name, written]) => {
    const rest = objectOf(written);
    const price = objectOf(rest['price']);
    return {
      name,
      input: textOf(price['input']),
      output: textOf(price['output']),
      internal: rest['internal'] === true,
      rest
    };
  });
}

export function newModel(name: string): IListedModel {
  return { name, input: '', output: '', internal: false, rest: {} };
}

/** Undefined where none is listed: the backend's own list is offered then. */
export function writeModels(models: readonly IListedModel[]): Body | undefined {
  if (models.length === 0) {
    return undefined;
  }
  return Object.fromEntries(models.map(model => [model.name, writeModel(model)]));
}

function writeModel({ input, output, internal, rest }: IListedModel): Body {
  const written = without(rest, 'price', 'internal');
  if (input.trim() !== '') {
    const known = objectOf(rest['price']);
    written['price'] = {
      ...known,
      input: sameNumber(known['input'], input),
      ...((output.trim() !== '' || known['output'] !== undefined) && {
        output: sameNumber(known['output'], output.trim() || '0')
      })
    };
  }
  return internal ? { ...written, internal } : written;
}

/** What was written stays as it was written when nothing else was typed. */
function sameNumber(known: Json | undefined, typed: string): Json {
  return known !== undefined && textOf(known) === typed.trim() ? known : typed.trim();
}

export function modelFault({ input, output }: IListedModel, trans: TranslationBundle): string {
  const isAmount = (text: string): boolean => /^(\d*\.?\d+)?$/.test(text.trim());
  if (!isAmount(input) || !isAmount(output)) {
    return trans.__('A price is an amount in USD, such as 0.25.');
  }
  return input.trim() === '' && output.trim() !== ''
    ? trans.__('Say the price of the input as well.')
    : '';
}
