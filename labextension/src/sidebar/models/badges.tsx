import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type ModelCard } from '../../api/types';
import { traitsOf } from '../../catalogue/filter';
import { residencyHint, residencyName, traitName } from '../../catalogue/words';
import { residencyIcons } from '../../icons';
import { useSurroundings } from '../../ui/surroundings';

/** What a model can do, and what a person must know before sending it anything. */
export function Badges({ card }: { card: ModelCard }): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const traits = traitsOf(card);
  const warnings = warningsOf(card, trans);
  if (traits.length + warnings.length === 0) {
    return null;
  }
  return (
    <span className="jp-mesh-Badges">
      {warnings.map(({ text, hint, kind }) => (
        <span key={text} className={`jp-mesh-Badge jp-mod-${kind}`} title={hint}>
          {text}
        </span>
      ))}
      {traits.map(trait => (
        <span key={trait} className="jp-mesh-Badge">
          {traitName(trait, trans)}
        </span>
      ))}
    </span>
  );
}

/** Where the text goes: a lock for what stays, a pin for the region, a cloud for what leaves. */
export function ResidencyMark({ card }: { card: ModelCard }): React.JSX.Element {
  const { trans } = useSurroundings();
  const Icon = residencyIcons[card.residency];
  return (
    <span className="jp-mesh-Residency" title={residencyHint(card.residency, trans)}>
      <Icon.react tag="span" width="12px" height="12px" aria-hidden />
      {residencyName(card.residency, trans)}
    </span>
  );
}

interface IWarning {
  text: string;
  hint: string;
  kind: 'info' | 'warn' | 'error';
}

function warningsOf(card: ModelCard, trans: TranslationBundle): IWarning[] {
  const warnings: (IWarning | false)[] = [
    card.offline_demo && {
      text: trans.__('offline demo'),
      hint: trans.__('Offline demo, not a language model: it echoes what it is sent'),
      kind: 'info'
    },
    !card.healthy && {
      text: trans.__('not answering'),
      hint: trans.__('Recent calls have failed; the mesh tries it again shortly'),
      kind: 'error'
    },
    card.trains_on_requests === true && {
      text: trans.__('trains on requests'),
      hint: trans.__('The vendor may train models on what is sent'),
      kind: 'warn'
    },
    card.retains_requests !== null && {
      text: trans.__('keeps %1', card.retains_requests),
      hint: trans.__('The vendor keeps requests for %1', card.retains_requests),
      kind: 'warn'
    }
  ];
  return warnings.filter(warning => warning !== false);
}
