import { type ModelCard } from '../api/types';

/** A model card for tests: a plain chat model, changed where the test says so. */
export function modelCard(id: string, changes: Partial<ModelCard> = {}): ModelCard {
  return {
    id,
    kind: 'model',
    provider: 'openai_compatible',
    connection: id.split('/')[0] ?? id,
    targets: [],
    strategy: null,
    operations: ['chat'],
    capabilities: ['stream'],
    tokenizer: null,
    facts_source: null,
    context_window: 128_000,
    max_output: 16_384,
    price: {
      input: '1.25',
      output: '10',
      cache_read: null,
      per_request: '0',
      as_of: null,
      source: 'admin'
    },
    residency: 'external',
    trains_on_requests: null,
    terms_checked: null,
    terms_source: null,
    retains_requests: null,
    offline_demo: false,
    description: '',
    speed: null,
    healthy: true,
    ...changes
  };
}
