/** A connection as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body, type ProviderKind } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults, faultsOf } from '../form/faults';
import { type IField } from '../form/fields';
import { fieldsOf } from '../form/schema-fields';
import {
  carriedOver,
  keepTyped,
  readValues,
  typedSecrets,
  type Values,
  writeValues
} from '../form/values';
import { textOf } from '../json';
import { commonFields } from './common-fields';
import { type IListedModel, modelFault, readModels, writeModels } from './listed-models';

export interface IConnectionState {
  provider: string;
  common: Values;
  own: Values;
  models: IListedModel[];
  /** As it was read: what no input exists for stays as it is. */
  original: Body;
}

export class ConnectionForm implements IForm<IConnectionState> {
  constructor(
    private readonly providers: readonly ProviderKind[],
    private readonly trans: TranslationBundle
  ) {}

  /** The fields that every connection has. */
  common(provider: string): IField[] {
    const isLocal = this.providers.find(({ name }) => name === provider)?.local ?? false;
    return commonFields(isLocal, this.trans);
  }

  /** The fields of this provider; those that it shares with every connection are among `common`. */
  own(provider: string): IField[] {
    const kind = this.providers.find(({ name }) => name === provider);
    const shared = new Set(this.common(provider).map(({ name }) => name));
    return fieldsOf((kind?.config_schema ?? {}) as Body).filter(({ name }) => !shared.has(name));
  }

  read(body: Body): IConnectionState {
    const provider = textOf(body['provider']);
    return {
      provider,
      common: readValues(this.common(provider), body),
      own: readValues(this.own(provider), body),
      models: readModels(body['models']),
      original: body
    };
  }

  write({ provider, common, own, models, original }: IConnectionState): Body {
    const [commonOnes, ownOnes] = [this.common(provider), this.own(provider)];
    const known = new Set([...commonOnes, ...ownOnes].map(({ name }) => name));
    const isSameProvider = provider === textOf(original['provider']);
    const unknown = Object.entries(original).filter(
      ([name]) => isSameProvider && !known.has(name) && name !== 'provider' && name !== 'models'
    );
    const listed = writeModels(models);
    return {
      provider,
      ...Object.fromEntries(unknown),
      ...writeValues(ownOnes, own, isSameProvider ? original : {}),
      ...writeValues(commonOnes, common, original),
      ...(listed !== undefined && { models: listed })
    };
  }

  secrets({ provider, own }: IConnectionState): Record<string, string> {
    return typedSecrets(this.own(provider), own);
  }

  keepTyped(before: IConnectionState, after: IConnectionState): IConnectionState {
    return { ...after, own: keepTyped(this.own(after.provider), before.own, after.own) };
  }

  /** The same connection through another provider: what both have is kept. */
  withProvider(state: IConnectionState, provider: string): IConnectionState {
    const fresh = readValues(this.own(provider), {});
    return { ...state, provider, own: carriedOver(state.own, fresh) };
  }

  faults({ provider, common, own, models }: IConnectionState): Faults {
    const wrong = models.map(model => [`models.${model.name}`, modelFault(model, this.trans)]);
    return {
      ...(provider === '' && { provider: this.trans.__('This is needed.') }),
      ...faultsOf(this.common(provider), common, this.trans),
      ...faultsOf(this.own(provider), own, this.trans),
      ...(Object.fromEntries(wrong.filter(([, fault]) => fault !== '')) as Faults)
    };
  }
}
