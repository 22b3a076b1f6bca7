/** Which models of the catalogue a person is looking for. */
import { type ModelCard } from '../api/types';

/** What the picker is narrowed to; null means any. */
export interface IQuery {
  text: string;
  trait: string | null;
  provider: string | null;
}

export const EVERYTHING: IQuery = { text: '', trait: null, provider: null };

/** What every chat model has says nothing about one. */
const COMMONPLACE: ReadonlySet<string> = new Set(['chat', 'completion', 'stream']);

/** What sets a model apart: its capabilities, and operations other than chat. */
export function traitsOf(card: ModelCard): string[] {
  const traits = [...card.capabilities, ...card.operations].filter(name => !COMMONPLACE.has(name));
  return card.id.startsWith('rag/') ? ['rag', ...traits] : traits;
}

/** True when every word of the text stands somewhere in what is said about the model. */
export function matches(card: ModelCard, { text, trait, provider }: IQuery): boolean {
  if (trait !== null && !traitsOf(card).includes(trait) && !card.operations.includes(trait)) {
    return false;
  }
  if (provider !== null && card.provider !== provider) {
    return false;
  }
  const haystack = fold(
    [card.id, ...card.targets, card.provider, card.description, ...traitsOf(card)].join(' ')
  );
  return fold(text)
    .split(/\s+/)
    .every(word => haystack.includes(word));
}

/** Distinct values in alphabetical order, for the narrowing selects. */
export function choices(cards: readonly ModelCard[], of: (card: ModelCard) => string[]): string[] {
  return [...new Set(cards.flatMap(of))].sort((a, b) => a.localeCompare(b));
}

/** Case and accents do not count when searching. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}
