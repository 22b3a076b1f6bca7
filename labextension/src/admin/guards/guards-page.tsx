import React from 'react';

import { type GuardForms, type GuardInForce, type Setting } from '../../api/admin-types';
import { residencyName } from '../../catalogue/words';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { type ISpot, type View } from '../place';
import { Loaded } from '../ui/loaded';
import { Managed, NotInForce } from '../ui/managed';
import { Missing } from '../ui/missing';
import { momentWords } from '../ui/moments';
import { PageHead, Section } from '../ui/page';
import { GuardEditor } from './guard-editor';
import { GuardUseView } from './guard-use';
import { PastCalls } from './past-calls';
import { RuleEditor } from './rule-editor';
import { type RuleKind } from './rule-form';
import { TryBox } from './try-box';
import { ruleSentence } from './words';

/** What is looked for in what people send and models answer, and what happens then. */
export function GuardsPage(props: {
  open: ISpot['open'];
  view: View | undefined;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { open, view = {} } = props;
  if (open !== undefined) {
    return (
      <Loaded resource={store.guardForms}>
        {forms => <OpenObject open={open} forms={forms} />}
      </Loaded>
    );
  }
  return (
    <>
      <PageHead title={trans.__('Guards')}>
        {trans.__(
          'What is looked for in what people send and models answer, and what happens then. A guard that fails lets nothing pass.'
        )}
      </PageHead>
      <RuleList
        kind="screening"
        title={trans.__('Screening')}
        hint={trans.__('Personal data, secrets and names in what is sent.')}
        none={trans.__('No rule: whatever people write is sent as it is.')}
      />
      <RuleList
        kind="moderation"
        title={trans.__('Moderation')}
        hint={trans.__('Requests and answers judged as a whole.')}
        none={trans.__('No rule yet: nothing is judged.')}
      />
      <GuardList />
      <TryBox />
      <PastCalls />
      <GuardUseView view={view} />
    </>
  );
}

function OpenObject(props: {
  open: NonNullable<ISpot['open']>;
  forms: GuardForms;
}): React.JSX.Element {
  const { store } = useAdmin();
  const { open, forms } = props;
  const kind =
    open.kind === 'screening' || open.kind === 'moderation' ? open.kind : ('guards' as const);
  return (
    <Loaded key={`${kind}/${open.name}`} resource={store.settings(kind)}>
      {all => {
        const setting = all.find(({ name }) => name === open.name) ?? null;
        const taken = all.map(({ name }) => name);
        if (open.name !== '' && setting === null) {
          return <Missing name={open.name} page="guards" />;
        }
        return kind === 'guards' ? (
          <GuardEditor setting={setting} forms={forms} taken={taken} />
        ) : (
          <RuleEditor kind={kind} setting={setting} forms={forms} taken={taken} />
        );
      }}
    </Loaded>
  );
}

function RuleList(props: {
  kind: RuleKind;
  title: string;
  hint: string;
  none: string;
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { kind, title, hint, none } = props;
  const go = (name: string): void => place.go({ page: 'guards', open: { kind, name } });
  return (
    <Section
      title={title}
      hint={hint}
      actions={
        <button type="button" className="jp-mesh-Button" onClick={() => go('')}>
          {kind === 'screening' ? trans.__('New screening rule') : trans.__('New moderation rule')}
        </button>
      }
    >
      <Loaded resource={store.settings(kind)}>
        {all =>
          all.length === 0 ? (
            <EmptyNote>{none}</EmptyNote>
          ) : (
            <ul className="jp-mesh-Rules">
              {all.map(setting => (
                <Entry
                  key={setting.name}
                  setting={setting}
                  sentence={ruleSentence(kind, setting.body, trans)}
                  isWatched={setting.body['mode'] === 'monitor'}
                  onOpen={() => go(setting.name)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function Entry(props: {
  setting: Setting;
  sentence: string;
  isWatched: boolean;
  onOpen: () => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { setting } = props;
  return (
    <li data-name={setting.name}>
      <button type="button" className="jp-mesh-Link" onClick={props.onOpen}>
        <bdi>{setting.name}</bdi>
      </button>{' '}
      <Managed by={setting.managed_by} />{' '}
      {props.isWatched && (
        <span className="jp-mesh-Badge jp-mod-warn">{trans.__('only watches')}</span>
      )}
      <div>{props.sentence}</div>
      <NotInForce setting={setting} />
    </li>
  );
}

/** Detectors and judges, those that are there without being set among them. */
function GuardList(): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const go = (name: string): void => place.go({ page: 'guards', open: { kind: 'guards', name } });
  return (
    <Section
      title={trans.__('Detectors and judges')}
      hint={trans.__('What rules make use of.')}
      actions={
        <button type="button" className="jp-mesh-Button" onClick={() => go('')}>
          {trans.__('New guard')}
        </button>
      }
    >
      <Loaded resource={store.guardForms}>
        {forms => (
          <Loaded resource={store.settings('guards')}>
            {all => (
              <ul className="jp-mesh-Rules">
                {forms.in_force
                  .filter(one => all.every(({ name }) => name !== one.name))
                  .map(one => (
                    <li key={one.name} data-name={one.name}>
                      <bdi>{one.name}</bdi>{' '}
                      <span className="jp-mesh-Badge jp-mod-info">{trans.__('built in')}</span>
                      <Abilities guard={one} />
                    </li>
                  ))}
                {all.map(setting => (
                  <li key={setting.name} data-name={setting.name}>
                    <button type="button" className="jp-mesh-Link" onClick={() => go(setting.name)}>
                      <bdi>{setting.name}</bdi>
                    </button>{' '}
                    <Managed by={setting.managed_by} />
                    <Abilities guard={forms.in_force.find(({ name }) => name === setting.name)} />
                    <NotInForce setting={setting} />
                  </li>
                ))}
              </ul>
            )}
          </Loaded>
        )}
      </Loaded>
    </Section>
  );
}

/** More than so many are shown when somebody asks for them. */
const MOST_ENTITIES = 12;

function Abilities({ guard }: { guard: GuardInForce | undefined }): React.JSX.Element | null {
  const { trans } = useAdmin();
  if (guard === undefined) {
    return null;
  }
  const kind = guard.guard.replaceAll('_', ' ');
  const what =
    guard.finds === 'spans' ? trans.__('Detector (%1)', kind) : trans.__('Judge (%1)', kind);
  const entities = guard.entities ?? [];
  return (
    <div className="jp-mesh-dim">
      {entities.length === 0 || entities.length > MOST_ENTITIES
        ? what
        : trans.__('%1: %2', what, entities.join(', '))}
      {guard.residency !== 'local' && (
        <>
          {' '}
          <span
            className="jp-mesh-Badge jp-mod-info"
            title={trans.__('It is shown texts before anything in them is redacted')}
          >
            {trans.__('shows texts to a service: %1', residencyName(guard.residency, trans))}
          </span>
        </>
      )}
      {guard.read !== null && (
        <>
          {' '}
          {trans._n(
            '%1 entry, read %2',
            '%1 entries, read %2',
            guard.read.entries,
            momentWords(guard.read.at)
          )}
        </>
      )}
      {entities.length > MOST_ENTITIES && (
        <details className="jp-mesh-Entities">
          <summary>
            {trans._n('finds %1 kind', 'finds %1 kinds', entities.length)}
            <span className="jp-mesh-visually-hidden"> ({guard.name})</span>
          </summary>
          {entities.join(', ')}
        </details>
      )}
    </div>
  );
}
