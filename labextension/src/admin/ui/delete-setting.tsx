import React from 'react';

import { type Kind, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { type Page } from '../place';
import { type IReference, type IReferrers } from '../references';
import { Confirm } from './confirm';
import { ReferencesList, useReferrers } from './references-list';

/** Asks before an object is removed, and names what refers to it. */
export function DeleteSetting(props: {
  kind: Kind;
  setting: Setting;
  page: Page;
  title: string;
  /** What the button says; by default that it is deleted. */
  action?: string;
  consequence: string;
  find: (name: string, others: IReferrers) => IReference[];
  /** References that keep it from being removed. */
  blocks?: (reference: IReference) => boolean;
  /** Why they do. */
  blocked?: string;
  onClose: () => void;
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { kind, setting, blocks = () => false } = props;
  const others = useReferrers();
  const references = others === null ? [] : props.find(setting.name, others);
  const isBlocked = references.some(blocks);
  return (
    <Confirm
      title={props.title}
      action={props.action ?? trans.__('Delete')}
      isPossible={others !== null && !isBlocked}
      onClose={props.onClose}
      onConfirm={async () => {
        await store.remove(kind, setting);
        place.go({ page: props.page });
        place.leave();
      }}
    >
      {others === null && <p>{trans.__('Looking for what refers to it…')}</p>}
      {isBlocked ? <p>{props.blocked}</p> : <p>{props.consequence}</p>}
      {references.length > 0 && (
        <>
          {!isBlocked && <p>{trans.__('These name it, and stay as they are:')}</p>}
          <ReferencesList references={isBlocked ? references.filter(blocks) : references} />
        </>
      )}
    </Confirm>
  );
}
