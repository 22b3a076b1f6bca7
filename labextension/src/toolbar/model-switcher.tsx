import { type NotebookPanel } from '@jupyterlab/notebook';
import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useEffect, useReducer } from 'react';

import { type ModelCard } from '../api/types';
import { grouped, type IGroup } from '../catalogue/groups';
import { answersPrompts } from '../catalogue/prompts';
import { groupTitle } from '../catalogue/words';
import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { NO_CHOICE, readChoice, writeChoice } from '../notebook/choice';
import { useResource, useSignal, useSurroundings } from '../ui/surroundings';

/** Not a model id: those never hold a line feed. */
const DEFAULT = '\ndefault';
const MORE = '\nmore';

/** The model of one notebook, in its toolbar. */
export function ModelSwitcher({ panel }: { panel: NotebookPanel }): React.JSX.Element {
  const { model, settings, commands, trans } = useSurroundings();
  const catalogue = useResource(model.catalogue);
  useResource(model.me);
  useSignal(settings.changed);
  useMetadata(panel);
  const notebook = panel.content.model;
  const choice = notebook ? readChoice(notebook) : NO_CHOICE;
  const cards = (model.catalogue.value?.models ?? []).filter(answersPrompts);
  const isForeign = choice.model !== null && !cards.some(card => card.id === choice.model);

  const choose = (value: string): void => {
    if (value === MORE) {
      void commands.execute(CommandIDs.chooseModel);
    } else if (notebook) {
      const id = value === DEFAULT ? null : value;
      writeChoice(notebook, { ...choice, model: id });
      if (id !== null) {
        settings.markUsed(id);
      }
    }
  };
  return (
    <label className="jp-mesh-Switcher" title={trans.__('Model of this notebook')}>
      <meshIcon.react tag="span" width="16px" height="16px" />
      <HTMLSelect
        value={choice.model ?? DEFAULT}
        aria-label={trans.__('Model of this notebook')}
        onChange={event => choose(event.target.value)}
        // The notebook's shortcuts must not see the keys that move in the list.
        onKeyDown={event => event.stopPropagation()}
      >
        <option value={DEFAULT}>
          {model.defaultModel === null
            ? trans.__('default model')
            : trans.__('%1 (default)', model.defaultModel)}
        </option>
        {isForeign && (
          <option value={choice.model ?? ''}>
            {catalogue.kind === 'ready'
              ? trans.__('%1 (not open to you)', choice.model ?? '')
              : choice.model}
          </option>
        )}
        <Options groups={grouped(cards, settings.favourites, settings.recent)} />
        <option value={MORE}>{trans.__('Compare prices and speed…')}</option>
      </HTMLSelect>
    </label>
  );
}

function Options({ groups }: { groups: readonly IGroup[] }): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <>
      {groups.map(group => (
        <optgroup key={`${group.kind} ${group.connection}`} label={groupTitle(group, trans)}>
          {group.cards.map((card: ModelCard) => (
            <option key={card.id} value={card.id}>
              {card.id}
            </option>
          ))}
        </optgroup>
      ))}
    </>
  );
}

/** Render again when the notebook's metadata changes. */
function useMetadata(panel: NotebookPanel): void {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (): void => renderAgain();
    const signal = panel.content.model?.metadataChanged;
    signal?.connect(slot);
    slot();
    return () => {
      signal?.disconnect(slot);
    };
  }, [panel]);
}
