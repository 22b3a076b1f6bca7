import React from 'react';

import { type Key } from '../../api/admin-types';
import { formatUsd } from '../../money';
import { useAdmin } from '../context';
import { isOurs, Managed } from '../ui/managed';
import { dayWords } from '../ui/moments';
import { windowWords } from '../ui/windows';

/** A row for each key, and how to take it back. */
export function KeyTable(props: {
  keys: readonly Key[];
  onRevoke: (key: Key) => void;
  /** Null where whoever looks makes no keys. */
  onRenew: ((key: Key) => void) | null;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { onRenew } = props;
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Application, user')}</th>
            <th scope="col">{trans.__('Models')}</th>
            <th scope="col">{trans.__('Budget')}</th>
            <th scope="col">{trans.__('Until')}</th>
            <th scope="col">
              <span className="jp-mesh-visually-hidden">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.keys.map(key => (
            <tr key={key.name} data-name={key.name}>
              <th scope="row">
                <bdi>{key.name}</bdi>
                <div className="jp-mesh-Badges">
                  <Managed by={key.managed_by} />
                  {key.admin && (
                    <span className="jp-mesh-Badge jp-mod-warn">{trans.__('administers')}</span>
                  )}
                  {key.auditor && (
                    <span className="jp-mesh-Badge jp-mod-warn">{trans.__('audits')}</span>
                  )}
                </div>
                {key.purpose !== null && (
                  <div className="jp-mesh-dim">{trans.__('for %1', key.purpose)}</div>
                )}
              </th>
              <td>
                <bdi>{key.application}</bdi>
                <div className="jp-mesh-dim">
                  <bdi>{key.user}</bdi>
                  {key.maker !== null &&
                    key.maker !== key.user &&
                    ` · ${trans.__('made by %1', key.maker)}`}
                </div>
              </td>
              <td>
                {key.models.length === 0 ? trans.__('all of its user') : key.models.join(', ')}
              </td>
              <td>
                {key.budget_usd === null
                  ? '–'
                  : `${formatUsd(key.budget_usd)} ${windowWords(key.window ?? 'month', trans)}`}
              </td>
              <td>
                {key.expires === null ? trans.__('no end') : dayWords(key.expires)}
                {key.expires !== null && new Date(key.expires) < new Date() && (
                  <div>
                    <span className="jp-mesh-Badge jp-mod-warn">{trans.__('over')}</span>
                  </div>
                )}
              </td>
              <td className="jp-mod-actions">
                {isOurs(key) && onRenew !== null && (
                  <button
                    type="button"
                    className="jp-mesh-Button"
                    aria-label={trans.__('Renew %1…', key.name)}
                    onClick={() => onRenew(key)}
                  >
                    {trans.__('Renew…')}
                  </button>
                )}
                {isOurs(key) && (
                  <button
                    type="button"
                    className="jp-mesh-Button"
                    aria-label={trans.__('Revoke %1…', key.name)}
                    onClick={() => props.onRevoke(key)}
                  >
                    {trans.__('Revoke…')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
