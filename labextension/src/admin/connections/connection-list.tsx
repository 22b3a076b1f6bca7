import React, { useState } from 'react';

import { type ProviderKind } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { residencyHint, residencyName } from '../../catalogue/words';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { isOurs, Managed } from '../ui/managed';
import { type IConnectionRow } from './rows';

/** Every connection, how it is, and a switch. */
export function ConnectionList(props: {
  rows: readonly IConnectionRow[];
  providers: readonly ProviderKind[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const kinds = new Map(props.providers.map(kind => [kind.name, kind]));
  return (
    <table className="jp-mesh-Table">
      <thead>
        <tr>
          <th scope="col">{trans.__('Connection')}</th>
          <th scope="col">{trans.__('State')}</th>
          <th scope="col">{trans.__('Provider')}</th>
          <th scope="col" className="jp-mod-number">
            {trans.__('Models')}
          </th>
          <th scope="col">{trans.__('Text goes')}</th>
          <th scope="col">
            <span className="jp-mesh-visually-hidden">{trans.__('Actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map(row => (
          <Row key={row.name} row={row} provider={kinds.get(row.provider)} />
        ))}
      </tbody>
    </table>
  );
}

function Row(props: { row: IConnectionRow; provider?: ProviderKind }): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { row, provider } = props;
  const { name, setting, residency } = row;
  return (
    <tr data-name={name}>
      <th scope="row">
        {setting === null ? (
          <bdi>{name}</bdi>
        ) : (
          <button
            type="button"
            className="jp-mesh-Link"
            onClick={() => place.go({ page: 'connections', open: { kind: 'connections', name } })}
          >
            <bdi>{name}</bdi>
          </button>
        )}{' '}
        {setting === null ? (
          <span className="jp-mesh-Badge jp-mod-info">{trans.__('from an offer')}</span>
        ) : (
          <Managed by={setting.managed_by} />
        )}
      </th>
      <td>
        <StateWords row={row} />
      </td>
      <td title={provider?.title}>{provider?.label ?? row.provider}</td>
      <td className="jp-mod-number">{row.state.kind === 'off' ? '–' : row.models}</td>
      <td title={residencyHint(residency, trans)}>{residencyName(residency, trans)}</td>
      <td className="jp-mod-actions">{setting && isOurs(setting) && <Switch row={row} />}</td>
    </tr>
  );
}

function StateWords({ row: { state } }: { row: IConnectionRow }): React.JSX.Element {
  const { trans } = useAdmin();
  const [mark, words] = {
    ok: ['jp-mod-good', trans.__('works')],
    off: ['', trans.__('off')],
    fault: ['jp-mod-bad', trans.__('fault')],
    'not-in-force': ['jp-mod-warn', trans.__('not in force')]
  }[state.kind];
  return (
    <>
      <span className={`jp-mesh-Dot ${mark}`} aria-hidden="true" /> {words}
      {'reason' in state && <div className="jp-mesh-Row-fault">{state.reason}</div>}
    </>
  );
}

/** Off and on again, without opening the form. */
function Switch({ row: { name, setting } }: { row: IConnectionRow }): React.JSX.Element | null {
  const { trans, store } = useAdmin();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  if (setting === null) {
    return null;
  }
  const isOn = setting.body['enabled'] !== false;
  const turn = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      const { version } = setting;
      await store.put('connections', name, { body: { ...setting.body, enabled: !isOn }, version });
    } catch (reason) {
      const error = asMeshError(reason);
      setFailure(failureWords(error, trans));
      await store.settings('connections').renew();
    }
    setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        className="jp-mesh-Button"
        disabled={isBusy}
        aria-label={isOn ? trans.__('Switch %1 off', name) : trans.__('Switch %1 on', name)}
        onClick={() => void turn()}
      >
        {isOn ? trans.__('Switch off') : trans.__('Switch on')}
      </button>
      {failure && (
        <div className="jp-mesh-Form-error" role="alert">
          {failure}
        </div>
      )}
    </>
  );
}
