import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';

/** Whether it is for these pages to change. */
export function isOurs({ managed_by }: Pick<Setting, 'managed_by'>): boolean {
  return managed_by === 'admin';
}

export function managedWords(managedBy: Setting['managed_by'], trans: TranslationBundle): string {
  return managedBy === 'mesh.yaml' ? trans.__('managed by mesh.yaml') : trans.__('built in');
}

/** Said beside what these pages only show; nothing beside what they may change. */
export function Managed({ by }: { by: Setting['managed_by'] }): React.JSX.Element | null {
  const { trans } = useAdmin();
  return by === 'admin' ? null : (
    <span className="jp-mesh-Badge jp-mod-info">{managedWords(by, trans)}</span>
  );
}

/** Why an object that admins have set is not in force. */
export function NotInForce({ setting }: { setting: Setting }): React.JSX.Element | null {
  const { trans } = useAdmin();
  return setting.fault === null ? null : (
    <div className="jp-mesh-Row-fault">{trans.__('Not in force: %1', setting.fault)}</div>
  );
}
