/** Connections as the list shows them: what is configured, and how it is at present. */
import { type ConnectionStatus, type ProviderKind, type Setting } from '../../api/admin-types';
import { type Residency } from '../../api/types';
import { textOf } from '../json';

export type State =
  | { kind: 'ok' }
  | { kind: 'off' }
  | { kind: 'fault'; reason: string }
  | { kind: 'not-in-force'; reason: string };

export interface IConnectionRow {
  name: string;
  provider: string;
  state: State;
  models: number;
  residency: Residency;
  /** Null for one that came from an accepted offer. */
  setting: Setting | null;
}

export function connectionRows(
  settings: readonly Setting[],
  statuses: readonly ConnectionStatus[],
  providers: readonly ProviderKind[]
): IConnectionRow[] {
  const names = [...settings, ...statuses].map(({ name }) => name);
  return [...new Set(names)].sort().map(name => {
    const setting = settings.find(one => one.name === name) ?? null;
    const status = statuses.find(one => one.name === name);
    const provider = textOf(setting?.body['provider']) || (status?.provider ?? '');
    return {
      name,
      provider,
      state: stateOf(setting, status),
      models: status?.models.length ?? 0,
      residency: residencyOf(setting, status, providers, provider),
      setting
    };
  });
}

function stateOf(setting: Setting | null, status: ConnectionStatus | undefined): State {
  if (setting !== null && setting.fault !== null) {
    return { kind: 'not-in-force', reason: setting.fault };
  }
  if (status?.enabled === false || setting?.body['enabled'] === false) {
    return { kind: 'off' };
  }
  return typeof status?.fault === 'string'
    ? { kind: 'fault', reason: status.fault }
    : { kind: 'ok' };
}

function residencyOf(
  setting: Setting | null,
  status: ConnectionStatus | undefined,
  providers: readonly ProviderKind[],
  provider: string
): Residency {
  const said = setting?.body['residency'];
  if (said === 'local' || said === 'region' || said === 'external') {
    return said;
  }
  const isLocal = providers.find(({ name }) => name === provider)?.local ?? false;
  return status?.cards[0]?.residency ?? (isLocal ? 'local' : 'external');
}
