import {
  type Body,
  type BudgetUse,
  type Change,
  type ChangePage,
  type ConnectionStatus,
  type ConnectionTest,
  type ISettingUpdate,
  type Key,
  type KeyRequest,
  type Kind,
  type NewKey,
  type ProviderKind,
  type Setting
} from './admin-types';
import { type IFiguresApi } from './figures-client';
import { type IRecordApi, RecordClient } from './record-client';
import { type Me, type Models, type Revision } from './types';

/**
 * What the admin's pages ask of the gateway.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export interface IAdminApi extends IFiguresApi, IRecordApi {
  me(): Promise<Me>;
  /** What is configured and what the caller may do; held at the gateway until it is another than `after`. */
  revision(after: string | null, signal: AbortSignal): Promise<Revision>;
  /** What is open to the caller. */
  models(): Promise<Models>;
  settings(kind: Kind): Promise<Setting[]>;
  put(kind: Kind, name: string, update: ISettingUpdate): Promise<Setting>;
  remove(kind: Kind, name: string, version: number | null): Promise<void>;
  /** Who changed what, newest first; `before` is the `next` of an earlier page. */
  changes(query: {
    kind?: Change['kind'] | null;
    before?: number | null;
    limit: number;
  }): Promise<ChangePage>;
  providers(): Promise<ProviderKind[]>;
  connections(): Promise<ConnectionStatus[]>;
  /** Try a connection: as it is, or as it is written with the keys beside it. */
  test(
    name: string,
    written?: { connection: Body; secrets: Record<string, string> }
  ): Promise<ConnectionTest>;
  /** How full each budget is, over all that share it. */
  budgetUse(): Promise<BudgetUse[]>;
  keys(): Promise<Key[]>;
  makeKey(request: KeyRequest): Promise<NewKey>;
  revokeKey(name: string): Promise<void>;
}

/** See `IAdminApi`. */
export class AdminClient extends RecordClient implements IAdminApi {
  me(): Promise<Me> {
    return this.http.get('me');
  }

  revision(after: string | null, signal: AbortSignal): Promise<Revision> {
    return this.http.get('revision', { after }, signal);
  }

  models(): Promise<Models> {
    return this.http.get('models');
  }

  async settings(kind: Kind): Promise<Setting[]> {
    return (await this.http.get<{ settings: Setting[] }>(`settings/${kind}`)).settings;
  }

  put(kind: Kind, name: string, update: ISettingUpdate): Promise<Setting> {
    return this.http.send('PUT', place(kind, name), update);
  }

  async remove(kind: Kind, name: string, version: number | null): Promise<void> {
    await this.http.delete(place(kind, name), { version: version?.toString() });
  }

  changes(query: {
    kind?: Change['kind'] | null;
    before?: number | null;
    limit: number;
  }): Promise<ChangePage> {
    return this.http.get('changes', {
      kind: query.kind,
      before: query.before?.toString(),
      limit: query.limit.toString()
    });
  }

  async providers(): Promise<ProviderKind[]> {
    return (await this.http.get<{ providers: ProviderKind[] }>('providers')).providers;
  }

  async connections(): Promise<ConnectionStatus[]> {
    return (await this.http.get<{ connections: ConnectionStatus[] }>('connections')).connections;
  }

  test(
    name: string,
    written?: { connection: Body; secrets: Record<string, string> }
  ): Promise<ConnectionTest> {
    return this.http.send('POST', `connections/${encodeURIComponent(name)}/test`, written ?? {});
  }

  async budgetUse(): Promise<BudgetUse[]> {
    return (await this.http.get<{ budgets: BudgetUse[] }>('budgets/use')).budgets;
  }

  async keys(): Promise<Key[]> {
    return (await this.http.get<{ keys: Key[] }>('keys')).keys;
  }

  makeKey(request: KeyRequest): Promise<NewKey> {
    return this.http.send('POST', 'keys', request);
  }

  async revokeKey(name: string): Promise<void> {
    await this.http.delete(`keys/${encodeURIComponent(name)}`);
  }
}

function place(kind: Kind, name: string): string {
  return `settings/${kind}/${encodeURIComponent(name)}`;
}
