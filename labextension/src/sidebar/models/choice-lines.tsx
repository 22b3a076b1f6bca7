import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useEffect, useRef } from 'react';

import { type Me } from '../../api/types';
import { useResource, useSignal, useSurroundings } from '../../ui/surroundings';
import { useWish } from '../use-wish';
import { type Wishes } from '../wish';

/** What is in force: the model of the notebook (or the person's default) and, under it, the purpose. */
export function ChoiceLines({ wishes }: { wishes: Wishes }): React.JSX.Element {
  const { model, notebooks, trans } = useSurroundings();
  useSignal(notebooks.changed);
  const me = useResource(model.me);
  useResource(model.catalogue);
  const { choice, path } = notebooks;
  const inForce = choice.model ?? model.defaultModel;
  const mayClear = path !== null && choice.model !== null;
  return (
    <div className="jp-mesh-Choice">
      <div className="jp-mesh-Choice-model" aria-live="polite">
        <span className="jp-mesh-dim">{trans.__('Model')}</span>
        <strong title={path ?? undefined}>
          <bdi>{inForce ?? trans.__('none chosen')}</bdi>
        </strong>
        {path !== null && choice.model === null && inForce !== null && (
          <span className="jp-mesh-dim">{trans.__('(default)')}</span>
        )}
        {mayClear && (
          <button
            type="button"
            className="jp-mesh-Link"
            onClick={() => notebooks.chooseModel(null)}
          >
            {trans.__('use default')}
          </button>
        )}
      </div>
      {path !== null && me.kind === 'ready' && <PurposeLine me={me.value} wishes={wishes} />}
    </div>
  );
}

/** The purpose of the notebook: one of the group's list, or free text where there is none. */
function PurposeLine({ me, wishes }: { me: Me; wishes: Wishes }): React.JSX.Element {
  const { notebooks, trans } = useSurroundings();
  const { purpose } = notebooks.choice;
  const control = useRef<HTMLElement | null>(null);
  useWish(wishes, 'purpose', () => control.current?.focus());
  const isMissing = me.purpose_required && purpose === null;
  return (
    <label className="jp-mesh-Choice-purpose">
      <span className="jp-mesh-dim">{trans.__('Purpose')}</span>
      <span ref={node => void (control.current = node?.querySelector('select, input') ?? null)}>
        {me.purposes.length > 0 ? (
          <PurposeSelect me={me} />
        ) : (
          <PurposeText key={notebooks.path} purpose={purpose} />
        )}
      </span>
      {isMissing && (
        <span className="jp-mesh-Choice-missing" role="status">
          {trans.__('Your group asks for a purpose.')}
        </span>
      )}
    </label>
  );
}

function PurposeSelect({ me }: { me: Me }): React.JSX.Element {
  const { notebooks, trans } = useSurroundings();
  const { purpose } = notebooks.choice;
  const isForeign = purpose !== null && !me.purposes.includes(purpose);
  return (
    <HTMLSelect
      value={purpose ?? ''}
      aria-required={me.purpose_required}
      aria-invalid={isForeign}
      onChange={event => notebooks.choosePurpose(event.target.value || null)}
    >
      <option value="">{trans.__('not stated')}</option>
      {isForeign && <option value={purpose}>{trans.__('%1 (not on your list)', purpose)}</option>}
      {me.purposes.map(name => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </HTMLSelect>
  );
}

/** Saved when left or on Enter, so that half-typed purposes are never recorded. */
function PurposeText({ purpose }: { purpose: string | null }): React.JSX.Element {
  const { notebooks, trans } = useSurroundings();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null && box.current !== document.activeElement) {
      box.current.value = purpose ?? '';
    }
  }, [purpose]);
  return (
    <input
      ref={box}
      type="text"
      defaultValue={purpose ?? ''}
      placeholder={trans.__('not stated')}
      maxLength={200}
      onBlur={event => notebooks.choosePurpose(event.target.value.trim() || null)}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          event.currentTarget.blur();
        }
      }}
    />
  );
}
