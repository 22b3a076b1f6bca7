import React from 'react';

import { type Key, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { Confirm } from '../ui/confirm';
import { isOn, keysOf } from './accounts';

/** Asks before a program is stopped, or let go on, and says which keys that means. */
export function SwitchAccount(props: {
  setting: Setting;
  keys: readonly Key[];
  onClose: () => void;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { setting, onClose } = props;
  const { name, body, version } = setting;
  const isOff = !isOn(setting);
  const own = keysOf(name, props.keys).map(key => key.name);
  return (
    <Confirm
      title={isOff ? trans.__('Switch %1 on again?', name) : trans.__('Switch %1 off?', name)}
      action={isOff ? trans.__('Switch on') : trans.__('Switch off')}
      onClose={onClose}
      onConfirm={async () => {
        await store.put('service_accounts', name, { body: { ...body, enabled: isOff }, version });
      }}
    >
      <p>
        {own.length === 0
          ? trans.__('It has no key at present.')
          : isOff
            ? trans.__('Its keys are good again at once: %1.', own.join(', '))
            : trans.__('Calls with its keys are refused at once: %1.', own.join(', '))}
      </p>
    </Confirm>
  );
}
