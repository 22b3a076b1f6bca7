import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { formatDuration } from '../../figures';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { textOf, textsOf } from '../json';
import { Loaded } from '../ui/loaded';
import { Managed, NotInForce } from '../ui/managed';
import { Section } from '../ui/page';
import { Prose } from '../ui/prose';
import { kindName, severityName } from './words';

/** Where alerts go: by mail, as a webhook, to Slack or what understands its messages. */
export function Channels(): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  return (
    <Section
      title={trans.__('Channels')}
      hint={trans.__('Who is told of alerts outside of these pages.')}
      actions={
        <button
          type="button"
          className="jp-mesh-Button"
          onClick={() => place.go({ page: 'alerts', open: { kind: 'alerts', name: '' } })}
        >
          {trans.__('New channel')}
        </button>
      }
    >
      <Loaded resource={store.settings('alerts')}>
        {all =>
          all.length === 0 ? (
            <EmptyNote>
              {trans.__('No channel yet: alerts are shown on this page and nowhere else.')}
            </EmptyNote>
          ) : (
            <ul className="jp-mesh-Rules">
              {all.map(setting => (
                <Channel key={setting.name} setting={setting} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

type Trial =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'done'; ms: number }
  | { kind: 'failed'; reason: string };

function Channel({ setting }: { setting: Setting }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { name, body } = setting;
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const send = async (): Promise<void> => {
    setTrial({ kind: 'running' });
    try {
      const { ok, latency_ms: ms, error } = await store.api.testChannel(name);
      setTrial(
        ok
          ? { kind: 'done', ms }
          : { kind: 'failed', reason: error ?? trans.__('It did not arrive.') }
      );
    } catch (reason) {
      setTrial({ kind: 'failed', reason: failureWords(asMeshError(reason), trans) });
    }
  };
  const kinds = textsOf(body['kinds']).map(kind => kindName(kind, trans));
  const severities = textsOf(body['severities']).map(one => severityName(one, trans));
  return (
    <li data-name={name}>
      <div className="jp-mesh-Alert-head">
        <div>
          <button
            type="button"
            className="jp-mesh-Link"
            onClick={() => place.go({ page: 'alerts', open: { kind: 'alerts', name } })}
          >
            <bdi>{name}</bdi>
          </button>{' '}
          <Managed by={setting.managed_by} />{' '}
          {body['enabled'] === false && (
            <span className="jp-mesh-Badge jp-mod-warn">{trans.__('off')}</span>
          )}
          <div className="jp-mesh-dim">
            {[
              textOf(body['channel']),
              textsOf(body['to']).join(', '),
              textOf(body['url']).startsWith('http') ? textOf(body['url']) : '',
              kinds.length > 0 ? kinds.join(', ') : trans.__('every kind of alert'),
              severities.length > 0 && trans.__('only if %1', severities.join(', '))
            ]
              .filter(Boolean)
              .join(' · ')}
          </div>
        </div>
        <button
          type="button"
          className="jp-mesh-Button"
          disabled={trial.kind === 'running'}
          aria-label={trans.__('Send a test to %1', name)}
          onClick={() => void send()}
        >
          {trial.kind === 'running' ? trans.__('Sending…') : trans.__('Send a test')}
        </button>
      </div>
      <NotInForce setting={setting} />
      <div role="status">
        {trial.kind === 'done' && (
          <p>{trans.__('The message was taken, in %1.', formatDuration(trial.ms))}</p>
        )}
        {trial.kind === 'failed' && (
          <p className="jp-mesh-Form-error">
            <Prose text={trial.reason} />
          </p>
        )}
      </div>
    </li>
  );
}
