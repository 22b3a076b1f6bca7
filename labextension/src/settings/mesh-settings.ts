import { type ISettingRegistry } from '@jupyterlab/settingregistry';
import { type IStateDB } from '@jupyterlab/statedb';
import { type ISignal, Signal } from '@lumino/signaling';

import { RECENT } from '../catalogue/groups';
import { type IMeshSettings } from './token';

const RECENT_KEY = 'jupyter-mesh:recent';

/** Favourites live in the settings (they follow the person), recent models in the workspace's state. */
export class MeshSettings implements IMeshSettings {
  constructor(private readonly stateDB: IStateDB | null) {}

  get changed(): ISignal<IMeshSettings, void> {
    return this._changed;
  }
  get refreshSeconds(): number {
    return this.setting('refreshSeconds', 30);
  }
  get proseColours(): boolean {
    return this.setting('proseColours', true);
  }
  get errorButtons(): boolean {
    return this.setting('errorButtons', true);
  }
  get statusItem(): boolean {
    return this.setting('statusItem', true);
  }
  get favourites(): readonly string[] {
    return this._favourites;
  }
  get recent(): readonly string[] {
    return this._recent;
  }

  /** Take up the registry's settings; until then the defaults hold. */
  connect(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
    settings.changed.connect(this.readSettings);
    this.readSettings();
  }

  /** Read what earlier sessions of this workspace have used. */
  async restore(): Promise<void> {
    const saved = stringsOf(await this.stateDB?.fetch(RECENT_KEY));
    this._recent = [...new Set([...this._recent, ...saved])].slice(0, RECENT);
    this._changed.emit();
  }

  toggleFavourite(id: string): void {
    const without = this._favourites.filter(other => other !== id);
    this._favourites =
      without.length < this._favourites.length ? without : [...this._favourites, id];
    void this._settings?.set('favourites', [...this._favourites]);
    this._changed.emit();
  }

  markUsed(id: string): void {
    this._recent = [id, ...this._recent.filter(other => other !== id)].slice(0, RECENT);
    void this.stateDB?.save(RECENT_KEY, [...this._recent]);
    this._changed.emit();
  }

  private readonly readSettings = (): void => {
    this._favourites = stringsOf(this._settings?.get('favourites').composite);
    this._changed.emit();
  };

  private setting<T extends number | boolean>(key: string, fallback: T): T {
    return (this._settings?.get(key).composite as T | undefined) ?? fallback;
  }

  private _settings: ISettingRegistry.ISettings | null = null;
  private _favourites: readonly string[] = [];
  private _recent: readonly string[] = [];
  private readonly _changed = new Signal<this, void>(this);
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
