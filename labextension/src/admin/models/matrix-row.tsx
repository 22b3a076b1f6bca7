import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { isOurs, Managed } from '../ui/managed';
import { PriceWords, SpeedWords } from '../ui/model-figures';
import { coverage, isInVain } from './globs';
import { allowOf, type IModelRow } from './model-rows';
import { purposesOf } from './purposes';

/** A tick that was set or taken away. */
export interface ITick {
  group: Setting;
  model: string;
}

/** One model or alias, and each group's tick. */
export function MatrixRow(props: {
  row: IModelRow;
  /** The connection, where this row is its first. */
  heading: string | null;
  groups: readonly Setting[];
  /** The cell that is being saved. */
  busy: string;
  onTick: (tick: ITick) => void;
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { row, heading, groups, busy, onTick } = props;
  const { id, card, alias, targets } = row;
  return (
    <>
      {heading && (
        <tr className="jp-mesh-Matrix-heading">
          <th scope="rowgroup">
            <bdi>{heading}</bdi>
          </th>
          <td colSpan={2 + Math.max(1, groups.length)} />
        </tr>
      )}
      <tr data-name={id}>
        <th scope="row">
          {alias === null ? (
            <bdi>{shortName(row)}</bdi>
          ) : (
            <>
              <button
                type="button"
                className="jp-mesh-Link"
                title={trans.__('Edit the alias %1', id)}
                onClick={() => place.go({ page: 'models', open: { kind: 'aliases', name: id } })}
              >
                <bdi>{id}</bdi>
              </button>{' '}
              <Managed by={alias.managed_by} />
              <div className="jp-mesh-dim">→ {targets.join(', ')}</div>
            </>
          )}
        </th>
        <td className="jp-mod-number">
          {card ? (
            <PriceWords card={card} />
          ) : (
            <span className="jp-mesh-dim">{alias ? trans.__('varies') : '–'}</span>
          )}
        </td>
        <td className="jp-mod-number">
          {card ? <SpeedWords card={card} /> : <span className="jp-mesh-dim">–</span>}
        </td>
        {groups.length === 0 && (
          <td className="jp-mod-tick">
            <input
              type="checkbox"
              checked
              disabled
              aria-label={trans.__('%1 is open to everybody', id)}
            />
          </td>
        )}
        {groups.map(group => (
          <Cell
            key={group.name}
            group={group}
            model={id}
            targets={targets}
            isAlias={alias !== null}
            isBusy={busy === `${group.name}\n${id}`}
            onTick={onTick}
          />
        ))}
      </tr>
    </>
  );
}

function Cell(props: {
  group: Setting;
  model: string;
  /** For an alias, what stands behind it. */
  targets: readonly string[];
  isAlias: boolean;
  isBusy: boolean;
  onTick: (tick: ITick) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { group, model, targets, isAlias, isBusy } = props;
  const why = coverage(allowOf(group), model);
  const vain = trans.__('None of the models behind it is open to this group');
  const by = why.kind === 'glob' ? why.glob : '';
  // Purposes are of models: an alias is open for what those behind it are open for.
  const only = why.kind === 'closed' || isAlias ? [] : purposesOf(group, model);
  return (
    <td className="jp-mod-tick">
      <label className="jp-mesh-Tick">
        <input
          type="checkbox"
          checked={why.kind !== 'closed'}
          disabled={isBusy || !isOurs(group)}
          aria-label={
            by
              ? trans.__('%1 for %2, by the pattern %3', model, group.name, by)
              : trans.__('%1 for %2', model, group.name)
          }
          onChange={() => props.onTick({ group, model })}
        />
        {by && (
          <span className="jp-mesh-Matrix-glob" title={trans.__('Covered by the pattern %1', by)}>
            {by}
          </span>
        )}
      </label>
      {isInVain(allowOf(group), model, targets) && (
        <div className="jp-mesh-Badge jp-mod-warn" title={vain}>
          {trans.__('no effect')}
          <span className="jp-mesh-visually-hidden">: {vain}</span>
        </div>
      )}
      {only.length > 0 && (
        <div className="jp-mesh-Matrix-purposes">{trans.__('only for %1', only.join(', '))}</div>
      )}
    </td>
  );
}

function shortName({ id, connection }: IModelRow): string {
  return id.startsWith(`${connection}/`) ? id.slice(connection.length + 1) : id;
}
