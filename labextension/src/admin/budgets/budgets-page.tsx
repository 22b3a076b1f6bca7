import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type Body, type Setting } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Loaded } from '../ui/loaded';
import { Managed, NotInForce } from '../ui/managed';
import { Missing } from '../ui/missing';
import { PageHead, Section } from '../ui/page';
import { RuleEditor } from './rule-editor';
import { type RuleKind } from './rule-form';
import { budgetSentence, limitSentence } from './rule-words';

/** What may be spent and how fast may be asked, each rule as a sentence. */
export function BudgetsPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const make = (kind: RuleKind): void => place.go({ page: 'budgets', open: { kind, name: '' } });
  if (open !== undefined) {
    const kind = open.kind === 'limits' ? 'limits' : 'budgets';
    return (
      <Loaded key={`${kind}/${open.name}`} resource={store.settings(kind)}>
        {all => {
          const setting = all.find(({ name }) => name === open.name) ?? null;
          return open.name !== '' && setting === null ? (
            <Missing name={open.name} page="budgets" />
          ) : (
            <RuleEditor kind={kind} setting={setting} taken={all.map(({ name }) => name)} />
          );
        }}
      </Loaded>
    );
  }
  return (
    <>
      <PageHead
        title={trans.__('Budgets and limits')}
        actions={
          <>
            <button type="button" className="jp-mesh-Button" onClick={() => make('limits')}>
              {trans.__('New limit')}
            </button>
            <button
              type="button"
              className="jp-mesh-Button jp-mod-primary"
              onClick={() => make('budgets')}
            >
              {trans.__('New budget')}
            </button>
          </>
        }
      >
        {trans.__(
          'Every rule that fits a call holds for it. A call reserves what it may cost before it is sent.'
        )}
      </PageHead>
      <Section title={trans.__('Budgets')}>
        <Loaded resource={store.settings('budgets')}>
          {all => (
            <Rules
              kind="budgets"
              all={all}
              none={trans.__('No budget yet: nothing is refused for what it costs.')}
              sentence={budgetSentence}
            />
          )}
        </Loaded>
      </Section>
      <Section title={trans.__('Limits')}>
        <Loaded resource={store.settings('limits')}>
          {all => (
            <Rules
              kind="limits"
              all={all}
              none={trans.__('No limit yet: people may ask as often as they like.')}
              sentence={limitSentence}
            />
          )}
        </Loaded>
      </Section>
    </>
  );
}

function Rules(props: {
  kind: RuleKind;
  all: readonly Setting[];
  none: string;
  sentence: (body: Body, trans: TranslationBundle) => string;
}): React.JSX.Element {
  const { trans, place } = useAdmin();
  const { kind, all } = props;
  if (all.length === 0) {
    return <EmptyNote>{props.none}</EmptyNote>;
  }
  return (
    <ul className="jp-mesh-Rules">
      {all.map(setting => (
        <li key={setting.name} data-name={setting.name}>
          <div>
            <button
              type="button"
              className="jp-mesh-Link"
              onClick={() => place.go({ page: 'budgets', open: { kind, name: setting.name } })}
            >
              <bdi>{setting.name}</bdi>
            </button>{' '}
            <Managed by={setting.managed_by} />
          </div>
          <div>{props.sentence(setting.body, trans)}</div>
          <NotInForce setting={setting} />
        </li>
      ))}
    </ul>
  );
}
