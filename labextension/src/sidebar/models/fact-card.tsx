import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type ModelCard } from '../../api/types';
import { priceWords, residencyHint } from '../../catalogue/words';
import { exactCount, formatDuration, formatShare } from '../../figures';
import { exactUsd, isZeroUsd } from '../../money';
import { FactsGrid } from '../../ui/facts-grid';
import { useSurroundings } from '../../ui/surroundings';
import { Badges } from './badges';
import { Sparkline } from './sparkline';

/** Everything known about a model, shown beside its row. */
export function FactCard({ card }: { card: ModelCard }): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="jp-mesh-FactCard-body">
      <h3>
        <bdi>{card.id}</bdi>
      </h3>
      {card.offline_demo && (
        <p className="jp-mesh-Note-inline">{trans.__('Offline demo, not a language model.')}</p>
      )}
      {card.description !== '' && <p>{card.description}</p>}
      <Badges card={card} />
      <FactsGrid facts={factsOf(card, trans)} />
      {card.speed === null ? (
        <p className="jp-mesh-dim">
          {trans.__('Not measured yet: no calls in the last 24 hours.')}
        </p>
      ) : (
        <Sparkline values={card.speed.sparkline} />
      )}
    </div>
  );
}

function factsOf(card: ModelCard, trans: TranslationBundle): [name: string, value: string][] {
  const facts: [string, string | null][] = [
    [trans.__('Answered by'), card.targets.length > 0 ? card.targets.join(' → ') : null],
    [trans.__('Chosen by'), card.strategy ?? null],
    [trans.__('Provider'), card.provider],
    [trans.__('Connection'), card.connection],
    ...priceFacts(card, trans),
    [trans.__('Context'), tokens(card.context_window, trans)],
    [trans.__('Longest answer'), tokens(card.max_output, trans)],
    [trans.__('Residency'), residencyHint(card.residency, trans)],
    [trans.__('Trains on requests'), yesNo(card.trains_on_requests, trans)],
    [trans.__('Keeps requests'), card.retains_requests ?? trans.__('not stated')],
    [trans.__('Both as of'), card.terms_checked ?? null],
    [trans.__('According to'), card.terms_source ?? null],
    ...speedFacts(card, trans)
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== '');
}

function priceFacts(card: ModelCard, trans: TranslationBundle): [string, string | null][] {
  const { price } = card;
  if (price === null) {
    return [[trans.__('Price'), priceWords(card, trans).long]];
  }
  const cached = price.cache_read ?? null;
  return [
    [trans.__('Input'), trans.__('%1 per million tokens', exactUsd(price.input))],
    [trans.__('Output'), trans.__('%1 per million tokens', exactUsd(price.output))],
    [
      trans.__('Cached input'),
      cached === null ? null : trans.__('%1 per million tokens', exactUsd(cached))
    ],
    [trans.__('Each request'), isZeroUsd(price.per_request) ? null : exactUsd(price.per_request)],
    [trans.__('Price from'), price.source]
  ];
}

function speedFacts({ speed }: ModelCard, trans: TranslationBundle): [string, string | null][] {
  if (speed === null) {
    return [];
  }
  const duration = (ms: number | null): string | null => (ms === null ? null : formatDuration(ms));
  return [
    [trans.__('First token'), duration(speed.first_token_ms)],
    [
      trans.__('Speed'),
      speed.tokens_per_second === null
        ? null
        : trans.__('%1 tokens per second', speed.tokens_per_second.toFixed(1))
    ],
    [trans.__('Half of all within'), duration(speed.p50_ms)],
    [trans.__('95 % within'), duration(speed.p95_ms)],
    [
      trans.__('Failed'),
      trans.__('%1 of %2 calls', formatShare(speed.error_rate), exactCount(speed.calls))
    ]
  ];
}

function tokens(count: number | null, trans: TranslationBundle): string {
  return count === null ? trans.__('not known') : trans.__('%1 tokens', exactCount(count));
}

function yesNo(value: boolean | null, trans: TranslationBundle): string {
  return value === null ? trans.__('not stated') : value ? trans.__('yes') : trans.__('no');
}
