import React from 'react';

import { type Key, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { textOf } from '../json';
import { isOurs, Managed, NotInForce } from '../ui/managed';
import { isOn, keysOf, membershipIn } from './accounts';

/** A row for each service account. */
export function AccountTable(props: {
  accounts: readonly Setting[];
  groups: readonly Setting[];
  keys: readonly Key[];
  onSwitch: (account: Setting) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table jp-mod-accounts">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Owner')}</th>
            <th scope="col">{trans.__('Groups')}</th>
            <th scope="col">{trans.__('Keys')}</th>
            <th scope="col">
              <span className="jp-mesh-visually-hidden">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.accounts.map(account => (
            <Row key={account.name} account={account} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: {
  account: Setting;
  groups: readonly Setting[];
  keys: readonly Key[];
  onSwitch: (account: Setting) => void;
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { account, groups, keys, onSwitch } = props;
  const { name, body } = account;
  const own = keysOf(name, keys);
  const memberOf = groups.filter(group => membershipIn(group, name) !== 'none');
  return (
    <tr data-name={name}>
      <th scope="row">
        <button
          type="button"
          className="jp-mesh-Link"
          onClick={() => place.go({ page: 'accounts', open: { kind: 'service_accounts', name } })}
        >
          <bdi>{name}</bdi>
        </button>{' '}
        <Managed by={account.managed_by} />
        <div className="jp-mesh-dim">{textOf(body['description'])}</div>
        <NotInForce setting={account} />
      </th>
      <td className="jp-mod-nowrap">
        <span className={`jp-mesh-Dot ${isOn(account) ? 'jp-mod-good' : ''}`} aria-hidden="true" />{' '}
        {isOn(account) ? trans.__('on') : trans.__('off')}
      </td>
      <td>
        <bdi>{textOf(body['owner']) || '–'}</bdi>
      </td>
      <td>{memberOf.map(group => group.name).join(', ') || '–'}</td>
      <td>{own.map(key => key.name).join(', ') || '–'}</td>
      <td className="jp-mod-actions">
        {isOurs(account) && (
          <button
            type="button"
            className="jp-mesh-Button"
            aria-label={
              isOn(account) ? trans.__('Switch %1 off…', name) : trans.__('Switch %1 on…', name)
            }
            onClick={() => onSwitch(account)}
          >
            {isOn(account) ? trans.__('Switch off…') : trans.__('Switch on…')}
          </button>
        )}
      </td>
    </tr>
  );
}
