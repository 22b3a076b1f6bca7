import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { referencesToConnection } from '../references';
import { DeleteSetting } from '../ui/delete-setting';

export function DeleteConnection(props: {
  setting: Setting;
  onClose: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <DeleteSetting
      kind="connections"
      page="connections"
      setting={props.setting}
      title={trans.__('Delete the connection %1?', props.setting.name)}
      consequence={trans.__(
        'Its models are gone for everybody at once; calls that run end over it. What was recorded stays.'
      )}
      find={referencesToConnection}
      blocks={({ kind }) => kind === 'alias'}
      blocked={trans.__('It cannot be deleted while aliases name it. Change them first:')}
      onClose={props.onClose}
    />
  );
}
