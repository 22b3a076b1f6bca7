import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { textOf } from '../json';
import { Confirm } from '../ui/confirm';
import { isOurs, Managed, NotInForce } from '../ui/managed';
import { isOver, raiseSentence } from './raise-form';

/** Budgets that may spend more for a while. */
export function Raises({ all }: { all: readonly Setting[] }): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [asked, setAsked] = useState<Setting | null>(null);
  if (all.length === 0) {
    return <EmptyNote>{trans.__('No budget is raised.')}</EmptyNote>;
  }
  return (
    <>
      <ul className="jp-mesh-Rules">
        {all.map(setting => (
          <Raise key={setting.name} setting={setting} onEnd={() => setAsked(setting)} />
        ))}
      </ul>
      {asked !== null && (
        <Confirm
          title={isOver(asked.body) ? trans.__('Remove this raise?') : trans.__('End this raise?')}
          action={isOver(asked.body) ? trans.__('Remove') : trans.__('End it')}
          onClose={() => setAsked(null)}
          onConfirm={() => store.remove('raises', asked)}
        >
          <p>
            {isOver(asked.body)
              ? trans.__('It is over; the record of changes keeps it.')
              : trans.__('The budget’s own limit holds again at once.')}
          </p>
        </Confirm>
      )}
    </>
  );
}

function Raise(props: { setting: Setting; onEnd: () => void }): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { setting } = props;
  const { name, body } = setting;
  const over = isOver(body);
  const by = setting.changed_by;
  return (
    <li data-name={name} className="jp-mesh-Rule">
      <div>
        <button
          type="button"
          className="jp-mesh-Link"
          onClick={() => place.go({ page: 'budgets', open: { kind: 'raises', name } })}
        >
          <bdi>{name}</bdi>
        </button>{' '}
        <Managed by={setting.managed_by} />{' '}
        {over && <span className="jp-mesh-Badge">{trans.__('over')}</span>}
        <div>{raiseSentence(body, trans)}</div>
        <div className="jp-mesh-dim">
          {[textOf(body['reason']), by !== null && trans.__('by %1', by)]
            .filter(Boolean)
            .join(' · ')}
        </div>
        <NotInForce setting={setting} />
      </div>
      {isOurs(setting) && (
        <button
          type="button"
          className="jp-mesh-Button"
          aria-label={over ? trans.__('Remove %1', name) : trans.__('End %1', name)}
          onClick={props.onEnd}
        >
          {over ? trans.__('Remove…') : trans.__('End…')}
        </button>
      )}
    </li>
  );
}
