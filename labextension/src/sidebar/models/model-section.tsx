import React, { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';

import { type Models } from '../../api/types';
import { EVERYTHING, type IQuery, matches } from '../../catalogue/filter';
import { grouped } from '../../catalogue/groups';
import { noModelWords } from '../../catalogue/no-model';
import { compareCell } from '../../notebook/insert';
import { EmptyNote, Skeleton } from '../../ui/placeholder';
import { useResource, useSignal, useSurroundings } from '../../ui/surroundings';
import { TroubleNote } from '../../ui/trouble';
import { rowElement } from '../roving';
import { useWish } from '../use-wish';
import { type Wishes } from '../wish';
import { ChoiceLines } from './choice-lines';
import { CompareBar } from './compare-bar';
import { Filters } from './filters';
import { ModelList } from './model-list';
import { Offers } from './offers';

/** The first section of the sidebar: which model this notebook asks. */
export function ModelSection({ wishes }: { wishes: Wishes }): React.JSX.Element {
  const { model } = useSurroundings();
  const catalogue = useResource(model.catalogue);
  switch (catalogue.kind) {
    case 'loading':
      return <Skeleton lines={7} />;
    case 'failed':
      return <TroubleNote error={catalogue.error} onRetry={() => void model.catalogue.refresh()} />;
    case 'ready':
      return (
        <div className="jp-mesh-Models">
          <ChoiceLines wishes={wishes} />
          <DemoOnly catalogue={catalogue.value} />
          <Offers
            offers={catalogue.value.offers}
            isOpen={catalogue.value.models.every(card => card.offline_demo)}
          />
          {catalogue.value.models.length > 0 ? (
            <Picker catalogue={catalogue.value} wishes={wishes} />
          ) : (
            <NoModels hasOffers={catalogue.value.offers.length > 0} />
          )}
        </div>
      );
  }
}

function NoModels({ hasOffers }: { hasOffers: boolean }): React.JSX.Element {
  const { model, trans } = useSurroundings();
  return (
    <EmptyNote>
      <strong>{trans.__('No model is open to you yet.')}</strong>
      <p>{hasOffers ? trans.__('Connect what was found.') : noModelWords(model.me.value, trans)}</p>
    </EmptyNote>
  );
}

/** How to get a real model, where there is none. Whose mesh it is must be known: a hub's is its admins'. */
function DemoOnly({ catalogue }: { catalogue: Models }): React.JSX.Element | null {
  const { model, trans } = useSurroundings();
  const me = useResource(model.me);
  const { models, offers } = catalogue;
  if (me.kind !== 'ready' || models.length === 0 || !models.every(card => card.offline_demo)) {
    return null;
  }
  const { host, admin_contact: admin } = me.value;
  if (host !== 'personal') {
    return (
      <EmptyNote>
        {trans.__(
          'Only offline demos are open to you: they repeat what they are sent. Ask %1 for a real model.',
          admin ?? trans.__('an admin of this mesh')
        )}
      </EmptyNote>
    );
  }
  return (
    <EmptyNote>
      {offers.length > 0
        ? trans.__('Only the offline demo is connected: connect a real model below.')
        : trans.__(
            'Only the offline demo is here. For a real model set a key such as OPENAI_API_KEY or start Ollama, then restart JupyterLab; or make a connection in the Mesh administration.'
          )}
    </EmptyNote>
  );
}

function Picker({ catalogue, wishes }: { catalogue: Models; wishes: Wishes }): React.JSX.Element {
  const { model, notebooks, settings, trans } = useSurroundings();
  useSignal(settings.changed);
  useSignal(notebooks.changed);
  useResource(model.me);
  const [query, setQuery] = useState<IQuery>(EVERYTHING);
  const [comparing, setComparing] = useState<ReadonlySet<string> | null>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const listbox = useRef<HTMLDivElement>(null);
  useWish(wishes, 'search', () => searchBox.current?.focus());
  const inForce = notebooks.choice.model ?? model.defaultModel;
  // What is in use is the first side of most comparisons.
  const compare = (): void =>
    setComparing(new Set(catalogue.models.map(({ id }) => id).filter(id => id === inForce)));
  useWish(wishes, 'compare', () => {
    compare();
    searchBox.current?.focus();
  });

  const { favourites } = settings;
  const recent = useRecentOf(notebooks.path);
  const groups = useMemo(
    () =>
      grouped(
        catalogue.models.filter(card => matches(card, query)),
        favourites,
        recent
      ),
    [catalogue, query, favourites, recent]
  );
  const choose = (id: string): void => {
    if (comparing === null) {
      notebooks.chooseModel(id);
    } else {
      setComparing(toggled(comparing, id));
    }
  };
  const enterList = (): void => {
    const first = groups[0]?.cards[0];
    if (first) {
      rowElement(listbox.current, first.id)?.focus();
    }
  };
  // The button that was clicked has gone: the keyboard goes on beside it, and Escape leads out.
  const isComparing = comparing !== null;
  useEffect(() => {
    if (isComparing && document.activeElement === document.body) {
      listbox.current?.parentElement
        ?.querySelector<HTMLElement>('.jp-mesh-CompareBar button')
        ?.focus();
    }
  }, [isComparing]);
  const leave = (): void => {
    if (comparing === null) {
      searchBox.current?.focus();
    } else {
      setComparing(null);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && comparing !== null) {
      event.preventDefault();
      leave();
    }
  };
  return (
    <div className="jp-mesh-Picker" onKeyDown={onKeyDown}>
      <Filters
        cards={catalogue.models}
        query={query}
        onChange={setQuery}
        onLeave={enterList}
        searchBox={searchBox}
      />
      {groups.length === 0 && (
        <EmptyNote>
          {trans.__('No model matches.')}{' '}
          <button type="button" className="jp-mesh-Link" onClick={() => setQuery(EVERYTHING)}>
            {trans.__('Show all')}
          </button>
        </EmptyNote>
      )}
      <ModelList
        groups={groups}
        chosen={comparing ?? new Set(inForce === null ? [] : [inForce])}
        isComparing={isComparing}
        onChoose={choose}
        onLeave={leave}
        listbox={listbox}
      />
      <CompareBar
        chosen={comparing}
        canInsert={notebooks.panel !== null}
        onStart={compare}
        onCancel={() => setComparing(null)}
        onInsert={ids => {
          if (notebooks.panel !== null) {
            compareCell(notebooks.panel, ids);
            setComparing(null);
          }
        }}
      />
    </div>
  );
}

/** What was used last, as it was when the notebook came up: a row does not jump away when it is chosen. */
function useRecentOf(path: string | null): readonly string[] {
  const { settings } = useSurroundings();
  const [seen, setSeen] = useState({ path, recent: settings.recent });
  if (seen.path !== path) {
    setSeen({ path, recent: settings.recent });
  }
  return seen.recent;
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(item)) {
    next.add(item);
  }
  return next;
}
