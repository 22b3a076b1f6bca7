import React, { useId, useState } from 'react';

import { type Setting, type UseCase } from '../../api/admin-types';
import { formatUsd } from '../../money';
import { useAdmin } from '../context';
import { Confirm } from '../ui/confirm';
import { newName, switched } from './switch';

/** Asks before a use is switched off, and says what stops. */
export function SwitchDialog(props: {
  use: UseCase;
  setting: Setting | null;
  taken: readonly string[];
  onClose: () => void;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { use, setting, taken, onClose } = props;
  const [reason, setReason] = useState('');
  const id = useId();
  const isOn = !use.stopped;
  const name = setting?.name ?? newName(use, taken);
  return (
    <Confirm
      title={isOn ? trans.__('Switch %1 off?', name) : trans.__('Switch %1 on again?', name)}
      action={isOn ? trans.__('Switch off') : trans.__('Switch on')}
      onClose={onClose}
      onConfirm={async () => {
        const body = switched(use, setting, !isOn, reason);
        await store.put('use_cases', name, { body, version: setting?.version ?? null });
      }}
    >
      {isOn ? (
        <>
          <p>
            {use.purpose === null
              ? trans.__('Every call of “%1” is refused from now on.', use.application)
              : trans.__(
                  'Calls of “%1” for “%2” are refused from now on.',
                  use.application,
                  use.purpose
                )}
          </p>
          <p>
            {use.spend.calls === 0
              ? trans.__('Nobody has used it in the last 30 days.')
              : trans.__(
                  'In the last 30 days: %1, %2, for %3, to %4.',
                  trans._n('one call', '%1 calls', use.spend.calls),
                  trans._n('one person', '%1 people', use.users),
                  formatUsd(use.spend.cost_usd),
                  use.models.map(model => model.id).join(', ')
                )}
          </p>
          <p>
            <label htmlFor={id}>{trans.__('Why (whoever calls is told)')}</label>
            <input
              id={id}
              type="text"
              value={reason}
              onChange={event => setReason(event.target.value)}
            />
          </p>
        </>
      ) : (
        <p>{trans.__('Its calls are taken again, within every other rule.')}</p>
      )}
    </Confirm>
  );
}
