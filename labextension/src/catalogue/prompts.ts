import { type ModelCard } from '../api/types';

/** True for what can answer a prompt; an embedding model or a classifier cannot. */
export function answersPrompts({ operations }: ModelCard): boolean {
  return operations.includes('chat') || operations.includes('completion');
}
