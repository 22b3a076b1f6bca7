/** The catalogue's terms as people read them. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type ModelCard, type Residency } from '../api/types';
import { formatCount, formatDuration } from '../figures';
import { type IGroup } from './groups';
import { priceTag } from './price';

/** A capability or operation; one this version does not know is shown as it came. */
export function traitName(trait: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    audio: trans.__('audio'),
    chat: trans.__('chat'),
    classify: trans.__('classify'),
    embedding: trans.__('embeddings'),
    json_schema: trans.__('JSON'),
    logprobs: trans.__('logprobs'),
    rag: trans.__('RAG'),
    reasoning: trans.__('reasoning'),
    rerank: trans.__('rerank'),
    token_classify: trans.__('entities'),
    tools: trans.__('tools'),
    vision: trans.__('vision')
  };
  return names[trait] ?? trait.replaceAll('_', ' ');
}

export function residencyName(residency: Residency, trans: TranslationBundle): string {
  return {
    local: trans.__('local'),
    region: trans.__('region'),
    external: trans.__('external')
  }[residency];
}

export function residencyHint(residency: Residency, trans: TranslationBundle): string {
  return {
    local: trans.__('Text stays on machines of the mesh'),
    region: trans.__('Text goes to a provider in your region'),
    external: trans.__('Text goes to an outside provider')
  }[residency];
}

export function groupTitle(group: IGroup, trans: TranslationBundle): string {
  return {
    favourites: trans.__('Favourites'),
    recent: trans.__('Recently used'),
    aliases: trans.__('Aliases'),
    connection: group.connection
  }[group.kind];
}

/** A model's name under a heading: without the connection where the heading is the connection. */
export function shownName({ id }: ModelCard, { kind, connection }: IGroup): string {
  const prefix = `${connection}/`;
  return kind === 'connection' && id.startsWith(prefix) ? id.slice(prefix.length) : id;
}

/** The price in a few characters, and in a sentence. */
export function priceWords(
  card: ModelCard,
  trans: TranslationBundle
): { short: string; long: string } {
  const tag = priceTag(card);
  switch (tag.kind) {
    case 'free':
      return { short: trans.__('free'), long: trans.__('No charge per token') };
    case 'unpriced':
      return {
        short: trans.__('unpriced'),
        long: trans.__('No price is known: calls are counted, their cost is not')
      };
    case 'varies':
      return {
        short: trans.__('varies'),
        long: trans.__('Costs what the model that answers costs')
      };
    case 'per-request':
      return {
        short: trans.__('%1 each', tag.request),
        long: trans.__('%1 for each request', tag.request)
      };
    case 'priced':
      return {
        short: `${tag.input} / ${tag.output}`,
        long: trans.__('%1 in, %2 out per million tokens', tag.input, tag.output)
      };
  }
}

/** A model in one sentence, for those who hear the list instead of seeing it. */
export function spokenModel(
  card: ModelCard,
  isFavourite: boolean,
  trans: TranslationBundle
): string {
  const firstToken = card.speed?.first_token_ms ?? null;
  const keeps = card.retains_requests;
  return [
    card.id,
    card.targets.length > 0 ? trans.__('alias of %1', card.targets.join(', ')) : '',
    priceWords(card, trans).long,
    firstToken === null ? '' : trans.__('first token after %1', formatDuration(firstToken)),
    card.context_window === null
      ? ''
      : trans.__('context %1 tokens', formatCount(card.context_window)),
    residencyHint(card.residency, trans),
    card.offline_demo ? trans.__('offline demo, not a language model') : '',
    card.trains_on_requests ? trans.__('the vendor trains on requests') : '',
    keeps === null ? '' : trans.__('the vendor keeps requests for %1', keeps),
    card.healthy ? '' : trans.__('not answering at present'),
    isFavourite ? trans.__('favourite') : ''
  ]
    .filter(part => part !== '')
    .join(', ');
}
