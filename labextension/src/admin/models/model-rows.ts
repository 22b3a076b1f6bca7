/** The rows of the matrix: aliases first, then models, with what is known of each. */
import { type ConnectionStatus, type Setting } from '../../api/admin-types';
import { type ModelCard } from '../../api/types';
import { textsOf } from '../json';

export interface IModelRow {
  id: string;
  /** Heading it stands under; empty for aliases. */
  connection: string;
  /** Of an alias: that of the model which comes first. */
  card: ModelCard | null;
  /** For an alias: what stands behind it, and its own setting. */
  targets: string[];
  alias: Setting | null;
}

export function modelRows(
  statuses: readonly ConnectionStatus[],
  aliases: readonly Setting[]
): IModelRow[] {
  const models = statuses.flatMap(({ name, models: ids, cards }) =>
    ids.map(id => ({
      id,
      connection: name,
      card: cards.find(card => card.id === id) ?? null,
      targets: [],
      alias: null
    }))
  );
  const ofAliases = aliases.map(alias => {
    const targets = textsOf(alias.body['models']);
    const strategy = alias.body['strategy'] ?? 'ordered';
    // What it costs is known beforehand only where one model comes first, whoever asks.
    const first = strategy === 'ordered' ? models.find(({ id }) => id === targets[0]) : undefined;
    return { id: alias.name, connection: '', card: first?.card ?? null, targets, alias };
  });
  return [...ofAliases, ...models];
}

/** Rows whose name, or the names behind it, hold every word that was typed. */
export function found(rows: readonly IModelRow[], typed: string): IModelRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ id, targets }) => {
    const text = [id, ...targets].join(' ').toLowerCase();
    return words.every(word => text.includes(word));
  });
}

/** What a group's list is; without one it holds everything. */
export function allowOf({ body }: Setting): string[] {
  return body['allow'] === undefined ? ['*'] : textsOf(body['allow']);
}
