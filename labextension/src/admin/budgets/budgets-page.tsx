import { type TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect } from 'react';

import { type Body, type BudgetUse, type Setting } from '../../api/admin-types';
import { EmptyNote } from '../../ui/placeholder';
import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { textOf } from '../json';
import { type ISpot, type View } from '../place';
import { Loaded } from '../ui/loaded';
import { Managed, NotInForce } from '../ui/managed';
import { Missing } from '../ui/missing';
import { PageHead, Section } from '../ui/page';
import { raisable, RaiseEditor } from './raise-editor';
import { Raises } from './raises';
import { RuleEditor } from './rule-editor';
import { type RuleKind } from './rule-form';
import { budgetSentence, limitSentence } from './rule-words';
import { UseMeter } from './use-meter';

/** What may be spent and how fast may be asked, each rule as a sentence. */
export function BudgetsPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { open } = props;
  const make = (kind: RuleKind): void => place.go({ page: 'budgets', open: { kind, name: '' } });
  if (open?.kind === 'raises') {
    return <OneRaise name={open.name} start={props.view?.['budget']} />;
  }
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
      <Section
        title={trans.__('Raises')}
        hint={trans.__('More room in a budget until a moment; then its own limit holds again.')}
      >
        <Loaded resource={store.settings('raises')}>{all => <Raises all={all} />}</Loaded>
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

/** A raise that is there, or one to be made. */
function OneRaise(props: { name: string; start: string | undefined }): React.JSX.Element {
  const { store } = useAdmin();
  const { name, start } = props;
  return (
    <Loaded resource={store.settings('budgets')}>
      {budgets => (
        <Loaded key={name} resource={store.settings('raises')}>
          {all => {
            const setting = all.find(one => one.name === name) ?? null;
            return name !== '' && setting === null ? (
              <Missing name={name} page="budgets" />
            ) : (
              <RaiseEditor
                setting={setting}
                start={start}
                budgets={budgets}
                taken={all.map(one => one.name)}
              />
            );
          }}
        </Loaded>
      )}
    </Loaded>
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
  const uses = useBudgetUse(kind);
  const canRaise = new Set(kind === 'budgets' ? raisable(all).map(({ name }) => name) : []);
  if (all.length === 0) {
    return <EmptyNote>{props.none}</EmptyNote>;
  }
  return (
    <ul className="jp-mesh-Rules">
      {all.map(setting => (
        <Rule
          key={setting.name}
          setting={setting}
          sentence={props.sentence(setting.body, trans)}
          use={uses.find(({ name }) => name === setting.name)}
          onOpen={() => place.go({ page: 'budgets', open: { kind, name: setting.name } })}
          onRaise={
            canRaise.has(setting.name)
              ? () =>
                  place.go({
                    page: 'budgets',
                    open: { kind: 'raises', name: '' },
                    view: { budget: setting.name }
                  })
              : null
          }
        />
      ))}
    </ul>
  );
}

function Rule(props: {
  setting: Setting;
  sentence: string;
  use: BudgetUse | undefined;
  onOpen: () => void;
  onRaise: (() => void) | null;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting, use, onRaise } = props;
  return (
    <li data-name={setting.name} className="jp-mesh-Rule">
      <div>
        <button type="button" className="jp-mesh-Link" onClick={props.onOpen}>
          <bdi>{setting.name}</bdi>
        </button>{' '}
        <Managed by={setting.managed_by} />
        <div>{props.sentence}</div>
        <NotInForce setting={setting} />
      </div>
      {use && <UseMeter use={use} window={textOf(setting.body['window'])} />}
      {onRaise !== null && (
        <button
          type="button"
          className="jp-mesh-Button"
          aria-label={trans.__('Raise %1', setting.name)}
          onClick={onRaise}
        >
          {trans.__('Raise…')}
        </button>
      )}
    </li>
  );
}

/** What is spent; nothing as long as it is not known, for the rules hold without it. */
function useBudgetUse(kind: RuleKind): readonly BudgetUse[] {
  const { store } = useAdmin();
  const uses = useResource(store.budgetUse);
  useEffect(() => {
    if (kind === 'budgets') {
      void store.budgetUse.refresh();
    }
  }, [store, kind]);
  return kind === 'budgets' && uses.kind === 'ready' ? uses.value : [];
}
