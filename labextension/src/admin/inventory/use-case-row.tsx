import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type Setting, type UseCase } from '../../api/admin-types';
import { residencyHint, residencyName } from '../../catalogue/words';
import { exactCount } from '../../figures';
import { Amount } from '../../ui/amount';
import { useAdmin } from '../context';
import { isOurs, Managed } from '../ui/managed';
import { dayWords } from '../ui/moments';
import { Prose } from '../ui/prose';
import { UNSTATED } from './switch';
import { riskName } from './use-case-fields';

/** One use: what it is, what it runs on, who uses it and what is in force for it. */
export function UseCaseRow(props: {
  use: UseCase;
  setting: Setting | null;
  onOpen: () => void;
  onSwitch: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { use, setting, onOpen, onSwitch } = props;
  const title = use.name ?? use.application;
  const mayChange = use.managed_by === null || (setting !== null && isOurs(setting));
  return (
    <tr data-name={title} data-purpose={use.purpose ?? ''}>
      <th scope="row">
        <button type="button" className="jp-mesh-Link" onClick={onOpen}>
          <bdi>{title}</bdi>
        </button>{' '}
        {use.managed_by !== null && <Managed by={use.managed_by} />}
        <div className="jp-mesh-dim">
          {use.purpose === null
            ? trans.__('%1, any purpose', use.application)
            : use.purpose === UNSTATED || use.purpose === ''
              ? trans.__('%1, purpose not stated', use.application)
              : trans.__('%1, for %2', use.application, use.purpose)}
        </div>
        <Facts use={use} />
      </th>
      <td>
        <ul className="jp-mesh-Plain">
          {alike(use.models).map(([first, names]) => (
            <li key={first.id}>
              <bdi>{names.join(', ')}</bdi>
              <div className="jp-mesh-dim">
                {first.residency === null ? (
                  trans.__('not connected any more')
                ) : (
                  <span title={residencyHint(first.residency, trans)}>
                    {residencyName(first.residency, trans)}
                  </span>
                )}
                {vendorWords(first.trains_on_requests, first.retains_requests, trans)}
              </div>
            </li>
          ))}
        </ul>
      </td>
      <td data-label={trans.__('Who')}>
        {use.users === 0
          ? trans.__('nobody so far')
          : trans._n('one person', '%1 people', use.users)}
        {use.users > 0 && (
          <div className="jp-mesh-dim">{use.groups.join(', ') || trans.__('no group')}</div>
        )}
        <div className="jp-mesh-dim">
          {trans.__('open to %1', openWords(use.open_to, trans.__('everybody')))}
        </div>
      </td>
      <td className="jp-mod-number" data-label={trans.__('Calls, cost')}>
        {exactCount(use.spend.calls)}
        <div>
          <Amount usd={use.spend.cost_usd} />
        </div>
      </td>
      <td data-label={trans.__('Guards in force')}>
        {use.guards.length + use.moderation.length === 0 ? (
          <span className="jp-mesh-dim">{trans.__('none')}</span>
        ) : (
          <ul className="jp-mesh-Plain">
            {[...use.guards, ...use.moderation].map(guard => (
              <li key={guard}>{guard}</li>
            ))}
          </ul>
        )}
      </td>
      <td className="jp-mod-actions">
        {mayChange && (
          <button
            type="button"
            className="jp-mesh-Button"
            aria-label={
              use.stopped ? trans.__('Switch %1 on…', title) : trans.__('Switch %1 off…', title)
            }
            onClick={onSwitch}
          >
            {use.stopped ? trans.__('Switch on…') : trans.__('Switch off…')}
          </button>
        )}
      </td>
    </tr>
  );
}

function Facts({ use }: { use: UseCase }): React.JSX.Element {
  const { trans } = useAdmin();
  const { declared } = use;
  const since = declared?.since ?? use.first_use;
  return (
    <>
      <div className="jp-mesh-Badges">
        {use.stopped && (
          <span className="jp-mesh-Badge jp-mod-warn">{trans.__('switched off')}</span>
        )}
        {declared === null && (
          <span className="jp-mesh-Badge jp-mod-warn">{trans.__('not declared')}</span>
        )}
        {declared?.risk_class && (
          <span
            className={`jp-mesh-Badge ${['high', 'prohibited'].includes(declared.risk_class) ? 'jp-mod-warn' : 'jp-mod-info'}`}
          >
            {riskName(declared.risk_class, trans)}
          </span>
        )}
      </div>
      <div className="jp-mesh-dim">
        {[
          declared?.owner && trans.__('owner %1', declared.owner),
          since !== null && trans.__('since %1', dayWords(since))
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
      {(use.warnings ?? []).map(warning => (
        <div key={warning} className="jp-mesh-Row-fault">
          <Prose text={warning} />
        </div>
      ))}
    </>
  );
}

type UsedModel = UseCase['models'][number];

/** Models of which the same is known, together: one of them, and the names of all. */
function alike(models: readonly UsedModel[]): [UsedModel, string[]][] {
  const found = new Map<string, [UsedModel, string[]]>();
  for (const model of models) {
    const facts = [model.residency, model.trains_on_requests, model.retains_requests].join('\n');
    const known = found.get(facts);
    if (known === undefined) {
      found.set(facts, [model, [model.id]]);
    } else {
      known[1].push(model.id);
    }
  }
  return [...found.values()];
}

function vendorWords(
  trains: boolean | null,
  retains: string | null,
  trans: TranslationBundle
): string {
  const words = [
    trains === true
      ? trans.__('vendor trains on it')
      : trains === false
        ? trans.__('not trained on')
        : '',
    retains === null
      ? ''
      : /^0\D*$/.test(retains)
        ? trans.__('not kept')
        : trans.__('kept %1', retains)
  ].filter(Boolean);
  return words.length > 0 ? ` · ${words.join(' · ')}` : '';
}

function openWords(groups: readonly string[], everybody: string): string {
  return groups.includes('*') ? everybody : groups.join(', ') || '–';
}
