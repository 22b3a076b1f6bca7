import React, { useState } from 'react';

import { type ModelCard } from '../../api/types';
import { useAdmin } from '../context';
import { type Faults } from '../form/faults';
import { PriceWords, SpeedWords } from '../ui/model-figures';
import { type IListedModel, newModel } from './listed-models';

/** The models of a connection: those that are listed, and those that were found. */
export function ModelsTable(props: {
  models: readonly IListedModel[];
  /** What is known of models, by name. */
  cards: ReadonlyMap<string, ModelCard>;
  faults: Faults;
  isReadOnly: boolean;
  onChange: (models: IListedModel[]) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { models, cards, faults, isReadOnly, onChange } = props;
  const listed = new Set(models.map(({ name }) => name));
  const found = [...cards.keys()].filter(name => !listed.has(name)).map(newModel);
  const put = (model: IListedModel): void =>
    onChange(models.map(old => (old.name === model.name ? model : old)));
  const tick = (model: IListedModel): void =>
    onChange(
      listed.has(model.name) ? models.filter(({ name }) => name !== model.name) : [...models, model]
    );
  return (
    <>
      <p className="jp-mesh-dim">
        {models.length === 0
          ? trans.__('None is ticked, so every model that the provider lists is offered.')
          : trans._n(
              '%1 model is offered.',
              'Only the %1 ticked models are offered.',
              models.length
            )}
      </p>
      {models.length + found.length > 0 && (
        <table className="jp-mesh-Table jp-mod-models">
          <thead>
            <tr>
              <th scope="col">{trans.__('Model')}</th>
              <th scope="col">{trans.__('Price in force')}</th>
              <th scope="col">{trans.__('Speed, last 24 h')}</th>
              <th scope="col">{trans.__('$ in per 1M')}</th>
              <th scope="col">{trans.__('$ out per 1M')}</th>
              <th scope="col">
                <abbr title={trans.__('Only for calls that the mesh makes for itself')}>
                  {trans.__('Internal')}
                </abbr>
              </th>
            </tr>
          </thead>
          <tbody>
            {[...models, ...found].map(model => (
              <ModelLine
                key={model.name}
                model={model}
                card={cards.get(model.name)}
                isListed={listed.has(model.name)}
                fault={faults[`models.${model.name}`]}
                isReadOnly={isReadOnly}
                onTick={() => tick(model)}
                onChange={put}
              />
            ))}
          </tbody>
        </table>
      )}
      {!isReadOnly && (
        <AddModel taken={listed} onAdd={name => onChange([...models, newModel(name)])} />
      )}
    </>
  );
}

function ModelLine(props: {
  model: IListedModel;
  card: ModelCard | undefined;
  isListed: boolean;
  fault: string | undefined;
  isReadOnly: boolean;
  onTick: () => void;
  onChange: (model: IListedModel) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { model, card, isListed, fault, isReadOnly, onChange } = props;
  const isFixed = isReadOnly || !isListed;
  const price = (side: 'input' | 'output', label: string): React.JSX.Element => (
    <input
      type="text"
      inputMode="decimal"
      className="jp-mod-price"
      value={model[side]}
      disabled={isFixed}
      aria-label={label}
      aria-invalid={fault ? true : undefined}
      onChange={event => onChange({ ...model, [side]: event.target.value })}
    />
  );
  return (
    <tr>
      <th scope="row">
        <label className="jp-mesh-Tick">
          <input type="checkbox" checked={isListed} disabled={isReadOnly} onChange={props.onTick} />
          <bdi>{model.name}</bdi>
        </label>
        {fault && <p className="jp-mesh-Form-error">{fault}</p>}
      </th>
      <td>{card && <PriceWords card={card} />}</td>
      <td>{card && <SpeedWords card={card} />}</td>
      <td>{price('input', trans.__('Price of the input of %1, USD per million', model.name))}</td>
      <td>{price('output', trans.__('Price of the output of %1, USD per million', model.name))}</td>
      <td>
        <input
          type="checkbox"
          checked={model.internal}
          disabled={isFixed}
          aria-label={trans.__('%1 is internal', model.name)}
          onChange={event => onChange({ ...model, internal: event.target.checked })}
        />
      </td>
    </tr>
  );
}

function AddModel(props: {
  taken: ReadonlySet<string>;
  onAdd: (name: string) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const [name, setName] = useState('');
  const add = (): void => {
    const given = name.trim();
    if (given !== '' && !props.taken.has(given)) {
      props.onAdd(given);
      setName('');
    }
  };
  return (
    <div className="jp-mesh-Inline">
      <input
        type="text"
        value={name}
        spellCheck={false}
        aria-label={trans.__('Name of a model to list')}
        placeholder={trans.__('a model’s name')}
        onChange={event => setName(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            event.preventDefault();
            add();
          }
        }}
      />
      <button type="button" className="jp-mesh-Button" onClick={add}>
        {trans.__('Add model')}
      </button>
    </div>
  );
}
