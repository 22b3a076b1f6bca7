import React, { useEffect, useState } from 'react';

import { type ModelCard } from '../../api/types';
import { noModelWords } from '../../catalogue/no-model';
import { residencyHint, residencyName, traitName } from '../../catalogue/words';
import { formatCount } from '../../figures';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { Loaded } from '../ui/loaded';
import { PriceWords, SpeedWords } from '../ui/model-figures';
import { PageHead } from '../ui/page';

/** The models that are open to whoever looks, with what they cost and how fast they are. */
export function CataloguePage(): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [typed, setTyped] = useState('');
  useEffect(() => {
    void store.models.refresh();
  }, [store]);
  const me = store.me.value;
  return (
    <>
      <PageHead title={trans.__('My models')}>
        {trans.__('What is open to you, what it costs per million tokens, and how fast it is.')}
      </PageHead>
      <Loaded resource={store.models}>
        {({ models }) => {
          const shown = models.filter(({ id, description }) =>
            `${id} ${description}`.toLowerCase().includes(typed.trim().toLowerCase())
          );
          return models.length === 0 ? (
            <EmptyNote>
              {trans.__('No model is open to you yet.')} {noModelWords(me, trans)}
            </EmptyNote>
          ) : (
            <>
              <div className="jp-mesh-Inline">
                <input
                  type="search"
                  value={typed}
                  aria-label={trans.__('Find a model')}
                  placeholder={trans.__('Find a model')}
                  onChange={event => setTyped(event.target.value)}
                />
              </div>
              {shown.length === 0 ? (
                <EmptyNote>{trans.__('No model has “%1” in its name.', typed.trim())}</EmptyNote>
              ) : (
                <ModelTable models={shown} />
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function ModelTable({ models }: { models: readonly ModelCard[] }): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Model')}</th>
            <th scope="col" className="jp-mod-number">
              {trans.__('$ in / out per 1M')}
            </th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Speed, last 24 h')}
            </th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Context')}
            </th>
            <th scope="col">{trans.__('Text goes')}</th>
          </tr>
        </thead>
        <tbody>
          {models.map(card => (
            <tr key={card.id} data-name={card.id}>
              <th scope="row">
                <bdi>{card.id}</bdi>
                {card.kind === 'alias' && (
                  <div className="jp-mesh-dim">→ {card.targets.join(', ')}</div>
                )}
                <div
                  className="jp-mesh-dim"
                  title={
                    card.facts_source === null
                      ? undefined
                      : trans.__('As %1 says', card.facts_source)
                  }
                >
                  {card.capabilities.map(trait => traitName(trait, trans)).join(' · ')}
                </div>
              </th>
              <td className="jp-mod-number">
                <PriceWords card={card} />
              </td>
              <td className="jp-mod-number">
                <SpeedWords card={card} />
              </td>
              <td className="jp-mod-number">
                {card.context_window === null ? '–' : formatCount(card.context_window)}
              </td>
              <td title={residencyHint(card.residency, trans)}>
                {residencyName(card.residency, trans)}
                {card.trains_on_requests === true && (
                  <div>
                    <span className="jp-mesh-Badge jp-mod-warn">
                      {trans.__('trained on by its vendor')}
                    </span>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
