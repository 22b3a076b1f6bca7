import { type ISignal, Signal } from '@lumino/signaling';

import { type IAdminApi } from '../api/admin-client';
import {
  type ISettingUpdate,
  type KeyRequest,
  type Kind,
  type NewKey,
  type Setting
} from '../api/admin-types';
import { Resource } from '../model/resource';

/** What the pages know of the configuration; each part is asked for when a page first shows it. */
export class AdminStore {
  constructor(readonly api: IAdminApi) {}

  readonly me = new Resource(() => this.api.me());
  readonly models = new Resource(() => this.api.models());
  readonly providers = new Resource(() => this.api.providers());
  readonly connections = new Resource(() => this.api.connections());
  readonly inventory = new Resource(() => this.api.inventory());
  readonly alertSummary = new Resource(() => this.api.alertSummary());
  readonly channelKinds = new Resource(() => this.api.channelKinds());
  readonly budgetUse = new Resource(() => this.api.budgetUse());
  readonly keys = new Resource(() => this.api.keys());
  readonly guardForms = new Resource(() => this.api.guardForms());

  /** Emitted after every change made here. */
  get saved(): ISignal<this, void> {
    return this._saved;
  }

  /** Ask again for whatever could not be had, as after signing in again. */
  retry(): void {
    for (const one of this.all()) {
      if (one.error !== null || one.state.kind === 'failed') {
        void one.refresh();
      }
    }
  }

  /** Emitted when something else is configured: what a page has asked for itself may be another now. */
  get outdated(): ISignal<this, void> {
    return this._outdated;
  }

  /** Ask again for whatever was asked for: something else is configured. */
  renew(): void {
    for (const one of this.all()) {
      if (one.state.kind !== 'loading') {
        void one.renew();
      }
    }
    this._outdated.emit();
  }

  settings(kind: Kind): Resource<Setting[]> {
    return this._settings[kind];
  }

  /** One object as it is now; null where there is none. Rejects with `MeshRequestError`. */
  async latest(kind: Kind, name: string): Promise<Setting | null> {
    const all = await this.api.settings(kind);
    this._settings[kind].put(all);
    return all.find(setting => setting.name === name) ?? null;
  }

  async put(kind: Kind, name: string, update: ISettingUpdate): Promise<Setting> {
    const saved = await this.api.put(kind, name, update);
    await this.afterChange(kind);
    return saved;
  }

  async remove(kind: Kind, { name, version }: Setting): Promise<void> {
    await this.api.remove(kind, name, version);
    await this.afterChange(kind);
  }

  async makeKey(request: KeyRequest): Promise<NewKey> {
    const made = await this.api.makeKey(request);
    await this.keys.renew();
    this._saved.emit();
    return made;
  }

  async revokeKey(name: string): Promise<void> {
    await this.api.revokeKey(name);
    await this.keys.renew();
    this._saved.emit();
  }

  private all(): Resource<unknown>[] {
    const { me, models, providers, connections, inventory } = this;
    const { alertSummary, channelKinds, budgetUse, keys, guardForms } = this;
    const parts = [me, models, providers, connections, inventory];
    const more = [alertSummary, channelKinds, budgetUse, keys, guardForms];
    return [...parts, ...more, ...Object.values(this._settings)] as Resource<unknown>[];
  }

  private async afterChange(kind: Kind): Promise<void> {
    await Promise.all([this._settings[kind], ...this.shownWith(kind)].map(one => one.renew()));
    this._saved.emit();
  }

  /** What else a change of this kind is seen in. */
  private shownWith(kind: Kind): Pick<Resource<unknown>, 'renew'>[] {
    switch (kind) {
      case 'connections':
        return [this.connections];
      case 'use_cases':
        return [this.inventory];
      case 'budgets':
      case 'raises':
        return [this.budgetUse];
      case 'guards':
        return [this.guardForms];
      case 'screening':
      case 'moderation':
      case 'aliases':
      case 'groups':
      case 'limits':
      case 'alerts':
      case 'service_accounts':
      case 'general':
        return [];
    }
  }

  private readonly _settings: Record<Kind, Resource<Setting[]>> = {
    connections: new Resource(() => this.api.settings('connections')),
    aliases: new Resource(() => this.api.settings('aliases')),
    groups: new Resource(() => this.api.settings('groups')),
    budgets: new Resource(() => this.api.settings('budgets')),
    raises: new Resource(() => this.api.settings('raises')),
    limits: new Resource(() => this.api.settings('limits')),
    alerts: new Resource(() => this.api.settings('alerts')),
    use_cases: new Resource(() => this.api.settings('use_cases')),
    service_accounts: new Resource(() => this.api.settings('service_accounts')),
    guards: new Resource(() => this.api.settings('guards')),
    screening: new Resource(() => this.api.settings('screening')),
    moderation: new Resource(() => this.api.settings('moderation')),
    general: new Resource(() => this.api.settings('general'))
  };
  private readonly _outdated = new Signal<this, void>(this);
  private readonly _saved = new Signal<this, void>(this);
}
