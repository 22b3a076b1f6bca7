import React from 'react';

import { type Key } from '../../api/admin-types';
import { useAdmin } from '../context';
import { Confirm } from '../ui/confirm';

/** Asks before a key is taken back. */
export function RevokeKey(props: { revoking: Key; onClose: () => void }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { revoking, onClose } = props;
  return (
    <Confirm
      title={trans.__('Revoke the key %1?', revoking.name)}
      action={trans.__('Revoke')}
      onConfirm={() => store.revokeKey(revoking.name)}
      onClose={onClose}
    >
      <p>
        {trans.__(
          'Calls of %1 with it are refused at once. It cannot be brought back; what was recorded stays.',
          revoking.application
        )}
      </p>
    </Confirm>
  );
}
