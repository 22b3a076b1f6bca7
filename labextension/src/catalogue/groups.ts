/** In which order, and under which headings, models stand in the picker. */
import { type ModelCard } from '../api/types';

/** Models under one heading. `favourites`, `recent` and `aliases` are headings of the picker's own. */
export interface IGroup {
  kind: 'favourites' | 'recent' | 'aliases' | 'connection';
  /** The connection's name; empty for the other kinds. */
  connection: string;
  cards: ModelCard[];
}

/** How many recently used models are worth a heading. */
export const RECENT = 3;

/**
 * Favourites first, then what was used last, then aliases, then the rest by connection.
 *
 * Every model stands under exactly one heading, so that arrow keys never meet one twice.
 */
export function grouped(
  cards: readonly ModelCard[],
  favourites: readonly string[],
  recent: readonly string[]
): IGroup[] {
  const left = new Map(cards.map(card => [card.id, card]));
  const take = (ids: readonly string[]): ModelCard[] =>
    ids.flatMap(id => {
      const card = left.get(id);
      left.delete(id);
      return card === undefined ? [] : [card];
    });
  const first: IGroup[] = [
    { kind: 'favourites', connection: '', cards: take(favourites) },
    { kind: 'recent', connection: '', cards: take(recent.slice(0, RECENT)) },
    { kind: 'aliases', connection: '', cards: take(idsOf(cards, card => card.kind === 'alias')) }
  ];
  const connections = [...new Set([...left.values()].map(card => card.connection))].sort((a, b) =>
    a.localeCompare(b)
  );
  const rest = connections.map((connection): IGroup => ({
    kind: 'connection',
    connection,
    cards: take(idsOf(cards, card => card.connection === connection))
  }));
  return [...first, ...rest].filter(group => group.cards.length > 0);
}

function idsOf(cards: readonly ModelCard[], wanted: (card: ModelCard) => boolean): string[] {
  return cards.filter(wanted).map(card => card.id);
}
