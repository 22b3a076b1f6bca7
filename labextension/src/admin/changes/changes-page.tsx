import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import { type Change } from '../../api/admin-types';
import { asMeshError, type MeshRequestError } from '../../api/errors';
import { EmptyNote, SkeletonLines } from '../../ui/placeholder';
import { useSignal } from '../../ui/surroundings';
import { Trouble } from '../../ui/trouble';
import { useAdmin } from '../context';
import { momentWords } from '../ui/moments';
import { PageHead } from '../ui/page';
import { difference, type IDifference } from './diff';
import { ChangePages } from './pages';
import { valueWords } from './value-words';

/** Who changed what, and when. */
export function ChangesPage(): React.JSX.Element {
  const { trans, store } = useAdmin();
  const [pages] = useState(() => new ChangePages(store.api));
  useSignal(pages.changed);
  useEffect(() => {
    void pages.show(null);
  }, [pages]);
  const { state } = pages;
  return (
    <>
      <PageHead title={trans.__('Changes')}>
        {trans.__('What was set here or over HTTP, and each edit of mesh.yaml; newest first.')}
      </PageHead>
      <div className="jp-mesh-Inline">
        <label>
          {trans.__('Show')}{' '}
          <select
            value={pages.kind ?? ''}
            onChange={event => {
              const kind = KINDS.find(one => one === event.target.value) ?? null;
              void pages.show(kind);
            }}
          >
            <option value="">{trans.__('everything')}</option>
            {KINDS.map(kind => (
              <option key={kind} value={kind}>
                {sectionName(kind, trans)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {state.changes.length > 0 && (
        <ol className="jp-mesh-Changes">
          {state.changes.map(change => (
            <ChangeView key={change.version} change={change} />
          ))}
        </ol>
      )}
      {state.error !== null && (
        <ChangesTrouble error={state.error} onRetry={() => void pages.more()} />
      )}
      {state.isLoading && <SkeletonLines lines={5} label={trans.__('Loading')} />}
      {!state.isLoading && state.error === null && state.changes.length === 0 && (
        <EmptyNote>{trans.__('Nothing was changed yet.')}</EmptyNote>
      )}
      {state.next !== null && !state.isLoading && state.error === null && (
        <button type="button" className="jp-mesh-Button" onClick={() => void pages.more()}>
          {trans.__('Show earlier ones')}
        </button>
      )}
    </>
  );
}

function ChangesTrouble(props: {
  error: MeshRequestError;
  onRetry: () => void;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  return (
    <Trouble
      error={asMeshError(props.error)}
      onRetry={props.onRetry}
      trans={trans}
      admin={store.me.value?.admin_contact}
    />
  );
}

function ChangeView({ change }: { change: Change }): React.JSX.Element {
  const { trans } = useAdmin();
  const { kind, name, before, after } = change;
  const lines = difference(before, after);
  const what =
    before === null
      ? trans.__('created')
      : after === null
        ? trans.__('removed')
        : trans.__('changed');
  return (
    <li data-name={name}>
      <div className="jp-mesh-Changes-head">
        <strong>
          {sectionName(kind, trans)} <bdi>{name}</bdi>
        </strong>{' '}
        {what}{' '}
        <span className="jp-mesh-dim">
          {trans.__('by %1 (%2)', change.changed_by, change.via)} ·{' '}
          <time dateTime={change.changed_at}>{momentWords(change.changed_at)}</time>
        </span>
      </div>
      {after !== null && lines.length > MANY && (
        <details className="jp-mesh-Details">
          <summary>{trans.__('%1 fields', lines.length)}</summary>
          <Lines lines={lines} />
        </details>
      )}
      {after !== null && lines.length > 0 && lines.length <= MANY && <Lines lines={lines} />}
    </li>
  );
}

/** So many lines of one change are shown at once; of more, how many there are. */
const MANY = 12;

function Lines({ lines }: { lines: readonly IDifference[] }): React.JSX.Element {
  return (
    <ul>
      {lines.map(line => (
        <li key={line.path.join('.')}>
          <Line line={line} />
        </li>
      ))}
    </ul>
  );
}

function Line({ line }: { line: IDifference }): React.JSX.Element {
  const { trans } = useAdmin();
  const name = <span className="jp-mesh-Changes-field">{line.path.join(' › ')}</span>;
  if (line.added !== undefined || line.removed !== undefined) {
    return (
      <>
        {name}{' '}
        {line.removed?.map((item, index) => (
          <del key={`-${index}`}>{valueWords(item, trans)}</del>
        ))}{' '}
        {line.added?.map((item, index) => (
          <ins key={`+${index}`}>{valueWords(item, trans)}</ins>
        ))}
      </>
    );
  }
  return (
    <>
      {name} {'before' in line && <del>{valueWords(line.before, trans)}</del>}{' '}
      {'after' in line && <ins>{valueWords(line.after, trans)}</ins>}
    </>
  );
}

const KINDS = [
  'connections',
  'aliases',
  'groups',
  'budgets',
  'raises',
  'limits',
  'keys',
  'service_accounts',
  'guards',
  'screening',
  'moderation',
  'slos',
  'alerts',
  'use_cases',
  'general',
  'file',
  'secrets',
  'cache'
] as const satisfies readonly Change['kind'][];

/** One object of a section; a section this version does not know is shown as it came. */
function sectionName(kind: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    connections: trans.__('Connection'),
    aliases: trans.__('Alias'),
    groups: trans.__('Group'),
    budgets: trans.__('Budget'),
    raises: trans.__('Raised budget'),
    limits: trans.__('Limit'),
    keys: trans.__('API key'),
    service_accounts: trans.__('Service account'),
    guards: trans.__('Guard'),
    screening: trans.__('Screening'),
    moderation: trans.__('Moderation'),
    slos: trans.__('Promise'),
    alerts: trans.__('Alert channel'),
    use_cases: trans.__('Use'),
    general: trans.__('General'),
    file: trans.__('File'),
    secrets: trans.__('Secret'),
    cache: trans.__('Cache')
  };
  return names[kind] ?? kind;
}
