import React from 'react';

import { CommandIDs } from '../command-ids';
import { meshIcon } from '../icons';
import { exactUsd, formatUsd } from '../money';
import { worstLevel } from '../ui/budget';
import { useResource, useSignal, useSurroundings } from '../ui/surroundings';

/** The model in force and what the notebook (or, without one, the day) has cost; a click opens the sidebar. */
export function StatusItem(): React.JSX.Element | null {
  const { model, notebooks, settings, commands, trans } = useSurroundings();
  useSignal(settings.changed);
  useSignal(notebooks.changed);
  useResource(model.catalogue);
  useResource(model.me);
  const state = useResource(model.costs);
  if (!settings.statusItem) {
    return null;
  }
  const costs = model.costs.value;
  const spend = costs?.notebook ?? costs?.today ?? null;
  const level = worstLevel(costs?.budgets ?? []);
  const name = notebooks.choice.model ?? model.defaultModel;
  const scope = costs?.notebook ? trans.__('this notebook') : trans.__('today');
  const hint = {
    fine: '',
    near: trans.__('A budget is nearly used up.'),
    over: trans.__('A budget is used up.')
  }[level];
  const words = [
    name ?? trans.__('no model'),
    spend && `${exactUsd(spend.cost_usd)} ${scope}`,
    state.kind === 'failed' && trans.__('The gateway does not answer.'),
    hint
  ].filter(Boolean);
  return (
    <button
      type="button"
      className={`jp-mesh-Status jp-mod-${level}`}
      title={words.join('\n')}
      aria-label={trans.__('LLM Mesh: %1', words.join(', '))}
      onClick={() => void commands.execute(CommandIDs.showSidebar)}
    >
      <meshIcon.react tag="span" width="14px" height="14px" />
      <span className="jp-mesh-Status-model">
        <bdi>{name ?? trans.__('no model')}</bdi>
      </span>
      {spend !== null && <span data-usd={spend.cost_usd}>{formatUsd(spend.cost_usd)}</span>}
      {state.kind === 'failed' && <span>{trans.__('offline')}</span>}
      {level !== 'fine' && <strong>{level === 'over' ? trans.__('over budget') : '!'}</strong>}
    </button>
  );
}
