import React from 'react';

import { type ModelCard } from '../../api/types';
import { answersPrompts } from '../../catalogue/prompts';
import { priceWords, spokenModel } from '../../catalogue/words';
import { formatCount, formatDuration } from '../../figures';
import { starIcon, starOutlineIcon } from '../../icons';
import { useSurroundings } from '../../ui/surroundings';
import { Badges, ResidencyMark } from './badges';

export interface IModelRow {
  card: ModelCard;
  /** The name to show: the heading above may have said the connection already. */
  name: string;
  isChosen: boolean;
  isFavourite: boolean;
  /** Several are being selected: the mark is a box, not a tick. */
  isComparing: boolean;
  /** The row that Tab reaches. */
  isCurrent: boolean;
  onChoose: (id: string) => void;
  onStar: (id: string) => void;
}

/** One model: an option of the picker's listbox. The star answers to the mouse; on the keyboard F does the same. */
export function ModelRow(props: IModelRow): React.JSX.Element {
  const { trans } = useSurroundings();
  const { card, isChosen, isFavourite, isComparing } = props;
  const Star = isFavourite ? starIcon : starOutlineIcon;
  const price = priceWords(card, trans);
  return (
    <div
      role="option"
      aria-selected={isChosen}
      aria-disabled={!answersPrompts(card)}
      aria-label={spokenModel(card, isFavourite, trans)}
      tabIndex={props.isCurrent ? 0 : -1}
      data-row={card.id}
      className="jp-mesh-ModelRow"
      onClick={() => props.onChoose(card.id)}
    >
      <span
        className={`jp-mesh-ModelRow-mark ${isComparing ? 'jp-mod-box' : ''}`}
        aria-hidden="true"
      />
      <span className="jp-mesh-ModelRow-name">
        <bdi>{props.name}</bdi>
      </span>
      <span
        className={`jp-mesh-Star ${isFavourite ? 'jp-mod-on' : ''}`}
        title={isFavourite ? trans.__('Remove from favourites (F)') : trans.__('Favourite (F)')}
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          props.onStar(card.id);
        }}
      >
        <Star.react tag="span" width="14px" height="14px" />
      </span>
      <span className="jp-mesh-ModelRow-price" title={price.long}>
        {price.short}
      </span>
      <span className="jp-mesh-ModelRow-facts">
        <Facts card={card} />
        <Badges card={card} />
      </span>
    </div>
  );
}

function Facts({ card }: { card: ModelCard }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { speed, context_window: context, targets } = card;
  const firstToken = speed?.first_token_ms ?? null;
  const rate = speed?.tokens_per_second ?? null;
  return (
    <span className="jp-mesh-Facts">
      {targets.length > 0 && (
        <span className="jp-mesh-Facts-targets" title={targets.join(', ')}>
          → <bdi>{targets[0]}</bdi>
          {targets.length > 1 && ` +${targets.length - 1}`}
        </span>
      )}
      {firstToken !== null && (
        <span title={trans.__('Median time to the first token, last 24 hours')}>
          {formatDuration(firstToken)}
        </span>
      )}
      {rate !== null && (
        <span title={trans.__('Tokens per second while answering')}>
          {trans.__('%1 tok/s', Math.round(rate))}
        </span>
      )}
      {context !== null && (
        <span title={trans.__('Context: prompt and answer together, in tokens')}>
          {formatCount(context)}
        </span>
      )}
      <ResidencyMark card={card} />
    </span>
  );
}
