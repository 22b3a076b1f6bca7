import React, { useState } from 'react';

import { type Alert } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { exactCount } from '../../figures';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { momentWords } from '../ui/moments';
import { Prose } from '../ui/prose';
import { deliveryWords, kindName, severityName, severityTone } from './words';

/** One condition: what it is, how often and when, who looks after it, and who was told. */
export function AlertView(props: {
  alert: Alert;
  onAcknowledge: () => Promise<void>;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { alert } = props;
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const acknowledge = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      await props.onAcknowledge();
    } catch (reason) {
      setFailure(failureWords(asMeshError(reason), trans));
    }
    setBusy(false);
  };
  return (
    <li data-name={alert.subject} className="jp-mesh-Alert">
      <div className="jp-mesh-Alert-head">
        <span className={`jp-mesh-Dot jp-mod-${severityTone(alert.severity)}`} aria-hidden="true" />
        <div>
          <strong>{alert.title}</strong>
          <div className="jp-mesh-dim">
            {[severityName(alert.severity, trans), kindName(alert.kind, trans)].join(' · ')}
          </div>
        </div>
        {alert.state === 'open' && (
          <button
            type="button"
            className="jp-mesh-Button"
            disabled={isBusy}
            aria-label={trans.__('Acknowledge: %1', alert.title)}
            onClick={() => void acknowledge()}
          >
            {trans.__('Acknowledge')}
          </button>
        )}
      </div>
      <p>
        <Prose text={alert.text} />
      </p>
      <p className="jp-mesh-dim">
        <History alert={alert} />
        {typeof alert.call === 'string' && <LastCall id={alert.call} title={alert.title} />}
      </p>
      {failure !== '' && (
        <p className="jp-mesh-Form-error" role="alert">
          {failure}
        </p>
      )}
      {alert.deliveries.length > 0 && (
        <ul className="jp-mesh-Alert-deliveries">
          {alert.deliveries.map((delivery, index) => (
            <li key={index}>
              {deliveryWords(delivery, trans)}
              {delivery.error !== null && (
                <div className="jp-mesh-Row-fault">
                  <Prose text={delivery.error} />
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** The way to the call in which it was seen last. */
function LastCall(props: { id: string; title: string }): React.JSX.Element {
  const { trans, place } = useAdmin();
  return (
    <>
      {' · '}
      <button
        type="button"
        className="jp-mesh-Link"
        aria-label={trans.__('The last call: %1', props.title)}
        onClick={() => place.go({ page: 'audit', open: { kind: 'call', name: props.id } })}
      >
        {trans.__('The last call')}
      </button>
    </>
  );
}

function History({ alert }: { alert: Alert }): React.JSX.Element {
  const { trans } = useAdmin();
  const words = [
    alert.count === 1
      ? trans.__('seen once, %1', momentWords(alert.last_seen))
      : trans.__(
          'seen %1 times since %2, last %3',
          exactCount(alert.count),
          momentWords(alert.first_seen),
          momentWords(alert.last_seen)
        ),
    alert.reopened > 0 && trans._n('came back once', 'came back %1 times', alert.reopened),
    alert.acknowledged_at !== null &&
      trans.__(
        '%1 looks after it since %2',
        alert.acknowledged_by,
        momentWords(alert.acknowledged_at)
      ),
    alert.resolved_at !== null && trans.__('has ended, %1', momentWords(alert.resolved_at))
  ];
  return <>{words.filter(Boolean).join(' · ')}</>;
}
