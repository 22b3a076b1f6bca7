import React from 'react';

import { type CostSummary, type Spend } from '../../api/types';
import { exactCount } from '../../figures';
import { isZeroUsd } from '../../money';
import { Amount } from '../../ui/amount';
import { Skeleton } from '../../ui/placeholder';
import { useResource, useSurroundings } from '../../ui/surroundings';
import { TroubleNote } from '../../ui/trouble';
import { Breakdown } from './breakdown';
import { BudgetMeter } from '../../ui/budget-meter';
import { hasBars, SpendBars } from './spend-bars';

/** What was spent, as the gateway adds it up. */
export function CostSection(): React.JSX.Element {
  const { model } = useSurroundings();
  const costs = useResource(model.costs);
  switch (costs.kind) {
    case 'loading':
      return <Skeleton lines={4} />;
    case 'failed':
      return <TroubleNote error={costs.error} onRetry={() => void model.costs.refresh()} />;
    case 'ready':
      return <Costs summary={costs.value} />;
  }
}

function Costs({ summary }: { summary: CostSummary }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { month } = summary;
  return (
    <div className="jp-mesh-Costs">
      <dl className="jp-mesh-Costs-totals">
        {summary.notebook !== null && (
          <Total name={trans.__('This notebook')} spend={summary.notebook}>
            {hasBars(summary.notebook_series) && <SpendBars amounts={summary.notebook_series} />}
          </Total>
        )}
        <Total name={trans.__('Today')} spend={summary.today} />
        <Total name={trans.__('This month')} spend={month} />
        {(month.cached_calls > 0 || !isZeroUsd(month.saved_usd)) && <Saved spend={month} />}
      </dl>
      {summary.budgets.map(budget => (
        <BudgetMeter key={`${budget.name} ${budget.window_start}`} budget={budget} />
      ))}
      <Breakdown title={trans.__('This month by model')} rows={summary.month_by_model} />
      <Breakdown
        title={trans.__('This month by application')}
        rows={summary.month_by_application}
      />
    </div>
  );
}

function Total(props: {
  name: string;
  spend: Spend;
  children?: React.ReactNode;
}): React.JSX.Element {
  const { trans } = useSurroundings();
  const { spend } = props;
  const calls = trans._n('%1 call', '%1 calls', spend.calls);
  const tokens = trans.__(
    '%1 tokens in, %2 out',
    exactCount(spend.input_tokens),
    exactCount(spend.output_tokens)
  );
  return (
    <div className="jp-mesh-Total">
      <dt>{props.name}</dt>
      <dd title={`${calls}, ${tokens}`}>
        {props.children || <span className="jp-mesh-dim">{calls}</span>}
        <Amount usd={spend.cost_usd} />
      </dd>
      {spend.unpriced > 0 && (
        <dd className="jp-mesh-Total-unpriced">
          {trans._n(
            'and %1 call whose price is not known',
            'and %1 calls whose price is not known',
            spend.unpriced
          )}
        </dd>
      )}
    </div>
  );
}

function Saved({ spend }: { spend: Spend }): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="jp-mesh-Total">
      <dt>{trans.__('Saved by cache')}</dt>
      <dd>
        <span className="jp-mesh-dim">{trans._n('%1 call', '%1 calls', spend.cached_calls)}</span>
        <Amount usd={spend.saved_usd} />
      </dd>
    </div>
  );
}
