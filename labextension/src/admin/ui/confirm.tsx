import React, { useState } from 'react';

import { asMeshError, type MeshRequestError } from '../../api/errors';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { Dialog } from './dialog';

/** Asks before something is done that cannot be taken back; stays open, with the reason, when it fails. */
export function Confirm(props: {
  title: string;
  action: string;
  /** False where it cannot be done; the text says why. */
  isPossible?: boolean;
  children: React.ReactNode;
  onConfirm: () => Promise<void> | void;
  onClose: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { onConfirm, onClose, isPossible = true } = props;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<MeshRequestError | null>(null);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      setError(asMeshError(reason));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={props.title}
      onClose={onClose}
      buttons={
        <>
          <button type="button" className="jp-mesh-Button" autoFocus onClick={onClose}>
            {isPossible ? trans.__('Cancel') : trans.__('Close')}
          </button>
          {isPossible && (
            <button
              type="button"
              className="jp-mesh-Button jp-mod-danger"
              disabled={isBusy}
              onClick={() => void confirm()}
            >
              {props.action}
            </button>
          )}
        </>
      }
    >
      {props.children}
      {error !== null && (
        <p className="jp-mesh-Form-error" role="alert">
          {failureWords(error, trans)}
        </p>
      )}
    </Dialog>
  );
}
