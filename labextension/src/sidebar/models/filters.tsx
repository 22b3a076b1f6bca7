import { HTMLSelect, searchIcon } from '@jupyterlab/ui-components';
import React, { type RefObject } from 'react';

import { type ModelCard } from '../../api/types';
import { choices, type IQuery, traitsOf } from '../../catalogue/filter';
import { traitName } from '../../catalogue/words';
import { useSurroundings } from '../../ui/surroundings';

export interface IFilters {
  cards: readonly ModelCard[];
  query: IQuery;
  onChange: (query: IQuery) => void;
  /** Called when the arrow leads from the search box into the list. */
  onLeave: () => void;
  searchBox: RefObject<HTMLInputElement>;
}

/** Search box, and the two selects that narrow by capability and provider. */
export function Filters({
  cards,
  query,
  onChange,
  onLeave,
  searchBox
}: IFilters): React.JSX.Element {
  const { trans } = useSurroundings();
  const traits = choices(cards, card => [...traitsOf(card), ...card.operations]);
  const providers = choices(cards, card => [card.provider]);
  return (
    <div className="jp-mesh-Filters">
      <div className="jp-mesh-Search">
        <searchIcon.react tag="span" width="16px" height="16px" aria-hidden />
        <input
          ref={searchBox}
          type="search"
          value={query.text}
          placeholder={trans.__('Search models')}
          aria-label={trans.__('Search models')}
          onChange={event => onChange({ ...query, text: event.target.value })}
          onKeyDown={event => {
            if (event.key === 'ArrowDown' || event.key === 'Enter') {
              event.preventDefault();
              onLeave();
            }
          }}
        />
      </div>
      <HTMLSelect
        value={query.trait ?? ''}
        aria-label={trans.__('Capability')}
        onChange={event => onChange({ ...query, trait: event.target.value || null })}
      >
        <option value="">{trans.__('Capability')}</option>
        {traits.map(trait => (
          <option key={trait} value={trait}>
            {traitName(trait, trans)}
          </option>
        ))}
      </HTMLSelect>
      <HTMLSelect
        value={query.provider ?? ''}
        aria-label={trans.__('Provider')}
        onChange={event => onChange({ ...query, provider: event.target.value || null })}
      >
        <option value="">{trans.__('Provider')}</option>
        {providers.map(provider => (
          <option key={provider} value={provider}>
            {provider}
          </option>
        ))}
      </HTMLSelect>
    </div>
  );
}
