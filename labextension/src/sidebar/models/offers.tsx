import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import { type Offer } from '../../api/types';
import { residencyHint } from '../../catalogue/words';
import { residencyIcons } from '../../icons';
import { formatUsd } from '../../money';
import { useSurroundings } from '../../ui/surroundings';

/** What the mesh has found on this machine: off until somebody connects it. Open while there is nothing else. */
export function Offers(props: {
  offers: readonly Offer[];
  isOpen: boolean;
}): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const { offers, isOpen } = props;
  if (offers.length === 0) {
    return null;
  }
  return (
    <details className="jp-mesh-Offers" open={isOpen}>
      <summary>{trans.__('Found, not connected (%1)', offers.length)}</summary>
      {offers.map(offer => (
        <OfferCard key={offer.id} offer={offer} />
      ))}
    </details>
  );
}

/** Who is charged, and how much for the model that comes first, where the price list knows. */
function priceOf({ models, price_note: note, prices }: Offer, trans: TranslationBundle): string {
  const name = models.find(model => prices?.[model] !== undefined);
  const price = name === undefined ? undefined : prices?.[name];
  const sentence = note.replace(/\.+$/, '');
  if (name === undefined || price === undefined) {
    return `${sentence}.`;
  }
  return trans.__(
    '%1: %2 costs %3 in / %4 out per million tokens.',
    sentence,
    name,
    formatUsd(price.input),
    formatUsd(price.output)
  );
}

function OfferCard({ offer }: { offer: Offer }): React.JSX.Element {
  const { model, trans } = useSurroundings();
  const [attempt, setAttempt] = useState<'idle' | 'connecting' | Error>('idle');
  const Icon = residencyIcons[offer.residency];
  const connect = async (): Promise<void> => {
    setAttempt('connecting');
    try {
      await model.acceptOffer(offer.id);
    } catch (error) {
      setAttempt(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <div className="jp-mesh-Offer">
      <div className="jp-mesh-Offer-title">
        <Icon.react
          tag="span"
          width="14px"
          height="14px"
          title={residencyHint(offer.residency, trans)}
        />
        <strong>{offer.title}</strong>
      </div>
      <div className="jp-mesh-dim jp-mesh-Offer-models" title={offer.models.join('\n')}>
        {offer.models.slice(0, 3).join(', ')}
        {offer.models.length > 3 && ` ${trans.__('and %1 more', offer.models.length - 3)}`}
      </div>
      <div>{priceOf(offer, trans)}</div>
      <div className="jp-mesh-dim">
        {trans.__(
          'Cells that name no model use it from then on, in every notebook that has chosen none.'
        )}
      </div>
      {offer.key_note && <div className="jp-mesh-dim">{offer.key_note}</div>}
      {attempt instanceof Error && (
        <div className="jp-mesh-Offer-error" role="alert">
          {attempt.message}
        </div>
      )}
      <button
        type="button"
        className="jp-mesh-Button"
        disabled={attempt === 'connecting'}
        aria-label={trans.__('Connect %1', offer.title)}
        onClick={() => void connect()}
      >
        {attempt === 'connecting' ? trans.__('Connecting…') : trans.__('Connect')}
      </button>
    </div>
  );
}
