import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { SmallIcon } from '../../ui/small-icons';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { useEditor } from '../editing/use-editor';
import { FieldRow } from '../form/field-row';
import { referencesToAlias } from '../references';
import { DeleteSetting } from '../ui/delete-setting';
import { PriceWords, SpeedWords } from '../ui/model-figures';
import { Section } from '../ui/page';
import { aliasFaults, aliasForm, type ITarget, moved } from './alias-form';
import { type IModelRow } from './model-rows';

/** One name for several models: which, in which order, chosen how. */
export function AliasEditor(props: {
  setting: Setting | null;
  taken: readonly string[];
  rows: readonly IModelRow[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, taken, rows } = props;
  const editor = useEditor('aliases', setting, aliasForm);
  const { state } = editor;
  const strategies: readonly [string, string][] = [
    ['ordered', trans.__('in this order: the next only where one fails')],
    ['weighted', trans.__('by weight: calls are shared out')],
    ['cheapest', trans.__('the cheapest first')],
    ['fastest', trans.__('the fastest of the last 24 hours first')]
  ];
  const models = rows.filter(({ alias }) => alias === null);
  const isOrdered = state.strategy === 'ordered';
  const List = isOrdered ? 'ol' : 'ul';
  const put = (targets: ITarget[]): void => editor.change({ ...state, targets });
  return (
    <SettingForm
      editor={editor}
      setting={setting}
      page="models"
      back={trans.__('Models and permissions')}
      newTitle={trans.__('New alias')}
      nameHint={trans.__('What people ask for, such as fast; without a slash.')}
      nameForm={/^[^/\s]+$/}
      taken={taken}
      faultsOf={one => aliasFaults(one, trans)}
      deletion={(one, close) => (
        <DeleteSetting
          kind="aliases"
          page="models"
          setting={one}
          title={trans.__('Delete the alias %1?', one.name)}
          consequence={trans.__('Whoever asks for it is refused; the models behind it stay.')}
          find={referencesToAlias}
          onClose={close}
        />
      )}
    >
      {(faults, isReadOnly) => (
        <Section title={trans.__('Models behind it')}>
          <FieldRow title={trans.__('Chosen')}>
            {ids => (
              <select
                {...ids}
                value={state.strategy}
                disabled={isReadOnly}
                onChange={event => editor.change({ ...state, strategy: event.target.value })}
              >
                {strategies.map(([name, words]) => (
                  <option key={name} value={name}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </FieldRow>
          {faults['models'] && (
            <p className="jp-mesh-Form-error" role="alert">
              {faults['models']}
            </p>
          )}
          <List className={`jp-mesh-Targets${isOrdered ? '' : ' jp-mod-unordered'}`}>
            {state.targets.map((target, index) => (
              <Target
                key={target.model}
                target={target}
                row={models.find(({ id }) => id === target.model)}
                isWeighted={state.strategy === 'weighted'}
                isOrdered={isOrdered}
                isReadOnly={isReadOnly}
                isLast={index === state.targets.length - 1}
                isFirst={index === 0}
                onMove={by => put(moved(state.targets, index, by))}
                onRemove={() => put(state.targets.filter((_, at) => at !== index))}
                onWeight={weight =>
                  put(state.targets.map((old, at) => (at === index ? { ...old, weight } : old)))
                }
              />
            ))}
          </List>
          {!isReadOnly && (
            <AddTarget
              models={models.filter(({ id }) => !state.targets.some(({ model }) => model === id))}
              onAdd={model => put([...state.targets, { model, weight: '1' }])}
            />
          )}
        </Section>
      )}
    </SettingForm>
  );
}

function Target(props: {
  target: ITarget;
  row: IModelRow | undefined;
  isWeighted: boolean;
  /** Whether its place among the others says anything. */
  isOrdered: boolean;
  isReadOnly: boolean;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
  onWeight: (weight: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { target, row, isReadOnly } = props;
  const { model } = target;
  return (
    <li>
      <span className="jp-mesh-Targets-name">
        <bdi>{model}</bdi>
        {row === undefined && (
          <span className="jp-mesh-Badge jp-mod-warn">{trans.__('not there at present')}</span>
        )}
      </span>
      {row?.card && (
        <span className="jp-mesh-dim jp-mesh-Targets-figures">
          <PriceWords card={row.card} /> · <SpeedWords card={row.card} />
        </span>
      )}
      {props.isWeighted && (
        <input
          type="text"
          inputMode="decimal"
          className="jp-mod-price"
          value={target.weight}
          readOnly={isReadOnly}
          aria-label={trans.__('Weight of %1', model)}
          onChange={event => props.onWeight(event.target.value)}
        />
      )}
      {!isReadOnly && props.isOrdered && (
        <>
          <button
            type="button"
            className="jp-mesh-IconButton"
            aria-label={trans.__('Move %1 up', model)}
            title={trans.__('Up')}
            disabled={props.isFirst}
            onClick={() => props.onMove(-1)}
          >
            <SmallIcon shape="up" />
          </button>
          <button
            type="button"
            className="jp-mesh-IconButton"
            aria-label={trans.__('Move %1 down', model)}
            title={trans.__('Down')}
            disabled={props.isLast}
            onClick={() => props.onMove(1)}
          >
            <SmallIcon shape="down" />
          </button>
        </>
      )}
      {!isReadOnly && (
        <button
          type="button"
          className="jp-mesh-IconButton"
          aria-label={trans.__('Remove %1', model)}
          title={trans.__('Remove')}
          onClick={props.onRemove}
        >
          <SmallIcon shape="close" size={14} />
        </button>
      )}
    </li>
  );
}

function AddTarget(props: {
  models: readonly IModelRow[];
  onAdd: (model: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const [chosen, setChosen] = useState('');
  return (
    <div className="jp-mesh-Inline">
      <select
        value={chosen}
        aria-label={trans.__('A model to add')}
        onChange={event => setChosen(event.target.value)}
      >
        <option value="">{trans.__('Choose a model…')}</option>
        {props.models.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="jp-mesh-Button"
        disabled={chosen === ''}
        onClick={() => {
          props.onAdd(chosen);
          setChosen('');
        }}
      >
        {trans.__('Add model')}
      </button>
    </div>
  );
}
