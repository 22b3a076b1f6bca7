import React, { useEffect, useMemo } from 'react';

import { Resource } from '../../model/resource';
import { BudgetMeter } from '../../ui/budget-meter';
import { useAdmin } from '../context';
import { Kept } from '../ui/kept';
import { Section } from '../ui/page';

/** What whoever looks may still spend; nothing where no budget is theirs. */
export function OwnBudgets({ now }: { now: Date }): React.JSX.Element {
  const { trans, store } = useAdmin();
  // `now` is a part of the question: it is asked again whenever the page is.
  const resource = useMemo(() => new Resource(() => (void now, store.api.budgets())), [store, now]);
  useEffect(() => {
    const again = (): void => void resource.renew();
    store.outdated.connect(again);
    return () => {
      store.outdated.disconnect(again);
    };
  }, [store, resource]);
  return (
    <Kept resource={resource}>
      {({ budgets }) =>
        budgets.length === 0 ? null : (
          <Section title={trans.__('My budgets')}>
            <div className="jp-mesh-OwnBudgets">
              {budgets.map(budget => (
                <BudgetMeter key={`${budget.name} ${budget.window}`} budget={budget} />
              ))}
            </div>
          </Section>
        )
      }
    </Kept>
  );
}
