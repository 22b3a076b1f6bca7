import React, { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';

import { answersPrompts } from '../../catalogue/prompts';
import { type IGroup } from '../../catalogue/groups';
import { groupTitle, shownName } from '../../catalogue/words';
import { useSignal, useSurroundings } from '../../ui/surroundings';
import { ModelRow } from './model-row';
import { rowAfterKey, rowElement, rowOf } from '../roving';
import { useFactPopup } from './use-fact-popup';

export interface IModelList {
  groups: readonly IGroup[];
  /** Chosen models: one, or several while comparing. */
  chosen: ReadonlySet<string>;
  isComparing: boolean;
  onChoose: (id: string) => void;
  /** Called when Escape leads back to the search box. */
  onLeave: () => void;
  listbox: RefObject<HTMLDivElement>;
}

/** The models as a listbox: arrows move, Enter or Space chooses, F stars, Escape goes back to the search. */
export function ModelList(props: IModelList): React.JSX.Element {
  const { groups, chosen, isComparing, onChoose, onLeave, listbox } = props;
  const surroundings = useSurroundings();
  const { settings, trans } = surroundings;
  useSignal(settings.changed);
  const popup = useFactPopup(surroundings);
  const [visited, setVisited] = useState<string | null>(null);

  const cards = new Map(groups.flatMap(group => group.cards).map(card => [card.id, card]));
  const rows = [...cards.keys()];
  const current = [visited, ...chosen, ...rows].find(id => id !== null && cards.has(id)) ?? null;
  const favourites = new Set(settings.favourites);

  // A star moves the row under another heading: there it is another element, and the focus must follow.
  const starred = useRef<HTMLElement | null>(null);
  useEffect(() => {
    if (starred.current?.isConnected === false && current !== null) {
      starred.current = null;
      rowElement(listbox.current, current)?.focus();
    }
  });
  // The model in force may be far down, or have come with a connection just made.
  const [only] = chosen.size === 1 ? chosen : [];
  const isListed = only !== undefined && cards.has(only);
  useEffect(() => {
    if (isListed && !isComparing) {
      rowElement(listbox.current, only)?.scrollIntoView?.({ block: 'nearest' });
    }
  }, [only, isListed, isComparing, listbox]);
  const star = (id: string): void => {
    setVisited(id);
    starred.current = rowElement(listbox.current, id);
    settings.toggleFavourite(id);
  };
  const choose = (id: string): void => {
    const card = cards.get(id);
    setVisited(id);
    if (card && answersPrompts(card)) {
      onChoose(id);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = rowOf(event.target) ?? current;
    const next = rowAfterKey(event.key, rows, at);
    const act = keyActions(choose, star)[event.key];
    if (next !== null) {
      rowElement(listbox.current, next)?.focus();
    } else if (act && at !== null) {
      act(at);
    } else if (event.key === 'Escape') {
      onLeave();
    } else {
      return;
    }
    popup.dismiss(event.key === 'Escape');
    event.preventDefault();
    event.stopPropagation();
  };
  const present = (target: EventTarget): void => {
    const id = rowOf(target);
    const row = id === null ? null : rowElement(listbox.current, id);
    const card = cards.get(id ?? '');
    if (row && card) {
      popup.present(card, row);
    }
  };

  return (
    <div
      ref={listbox}
      role="listbox"
      aria-label={trans.__('Models')}
      aria-multiselectable={isComparing}
      className="jp-mesh-ModelList"
      onKeyDown={onKeyDown}
      onFocus={event => {
        setVisited(rowOf(event.target));
        present(event.target);
      }}
      onBlur={() => popup.dismiss()}
      onPointerOver={event => present(event.target)}
      onPointerLeave={() => popup.dismiss()}
      onWheel={() => popup.dismiss(true)}
    >
      {groups.map(group => (
        <ModelGroup key={`${group.kind} ${group.connection}`} title={groupTitle(group, trans)}>
          {group.cards.map(card => (
            <ModelRow
              key={card.id}
              card={card}
              name={shownName(card, group)}
              isChosen={chosen.has(card.id)}
              isFavourite={favourites.has(card.id)}
              isComparing={isComparing}
              isCurrent={card.id === current}
              onChoose={choose}
              onStar={star}
            />
          ))}
        </ModelGroup>
      ))}
    </div>
  );
}

function ModelGroup(props: { title: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <div role="group" aria-label={props.title}>
      <div className="jp-mesh-ModelList-title" aria-hidden="true">
        {props.title}
      </div>
      {props.children}
    </div>
  );
}

function keyActions(
  choose: (id: string) => void,
  star: (id: string) => void
): Record<string, ((id: string) => void) | undefined> {
  return { Enter: choose, ' ': choose, f: star, F: star };
}
