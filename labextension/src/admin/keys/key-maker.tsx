import React, { useState } from 'react';

import { type Key, type KeyRequest, type NewKey } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { type Faults } from '../form/faults';
import { FieldRow, type IInputIds } from '../form/field-row';
import { type ISpot } from '../place';
import { ObjectHead, Section } from '../ui/page';
import { EMPTY_WISH, type IKeyWish, renewalOf, requestOf, wishFaults } from './key-form';
import { NewSecret } from './new-secret';

/** Makes a key; its secret is shown once. */
export function KeyMaker(props: {
  taken: readonly string[];
  /** The service account it is for; empty: whoever is written in the form. */
  user: string;
  /** The key that it is to take the place of. */
  renewed: Key | null;
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { taken, user, renewed } = props;
  const me = store.me.value;
  const isAdmin = me?.scopes.includes('admin') ?? false;
  const mayAudit = isAdmin || (me?.scopes.includes('audit') ?? false);
  const groups = isAdmin ? '' : (me?.groups ?? []).join('\n'); // without one a key opens little
  const [wish, setWish] = useState<IKeyWish>(() =>
    renewed === null ? { ...EMPTY_WISH, user, groups } : renewalOf(renewed, taken, me?.user ?? '')
  );
  const [faults, setFaults] = useState<Faults>({});
  const [failure, setFailure] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const from: ISpot =
    user === ''
      ? { page: 'keys' }
      : { page: 'accounts', open: { kind: 'service_accounts', name: user } };
  const back = (): void => place.go(from);
  const make = async (): Promise<void> => {
    const wrong = wishFaults(wish, taken, new Date(), trans, renewed);
    setFaults(wrong);
    setFailure('');
    if (Object.keys(wrong).length > 0) {
      return;
    }
    setBusy(true);
    try {
      setMade(await store.makeKey(requestOf(wish)));
    } catch (reason) {
      const error = asMeshError(reason);
      setFailure(failureWords(error, trans));
    }
    setBusy(false);
  };
  if (made !== null) {
    return <NewSecret made={made} renewed={renewed} onDone={back} />;
  }
  const text = (name: 'name' | 'application' | 'user' | 'purpose' | 'budget') => {
    const input = (ids: IInputIds): React.JSX.Element => (
      <input
        {...ids}
        type="text"
        className={name === 'budget' ? 'jp-mod-short' : undefined}
        value={wish[name]}
        autoFocus={name === 'name'}
        spellCheck={false}
        autoComplete="off"
        onChange={event => setWish({ ...wish, [name]: event.target.value })}
      />
    );
    return input;
  };
  const lines = (name: 'groups' | 'models') => {
    const input = (ids: IInputIds): React.JSX.Element => (
      <textarea
        {...ids}
        rows={2}
        value={wish[name]}
        spellCheck={false}
        onChange={event => setWish({ ...wish, [name]: event.target.value })}
      />
    );
    return input;
  };
  return (
    <form
      className="jp-mesh-Form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void make();
      }}
    >
      <ObjectHead
        title={
          renewed === null ? trans.__('New API key') : trans.__('Renew the key “%1”', renewed.name)
        }
        back={user || trans.__('API keys')}
        spot={from}
      />
      {renewed !== null && (
        <p>
          {trans.__(
            'This makes a second key that may what “%1” may. Both work until you revoke the old one, so nothing has to stop in between.',
            renewed.name
          )}{' '}
          {renewed.budget_usd !== null &&
            trans.__('Its own budget begins anew; budgets of its user go on.')}
        </p>
      )}
      <Section title={trans.__('Whose it is')}>
        <FieldRow title={trans.__('Name')} required fault={faults['name']}>
          {text('name')}
        </FieldRow>
        <FieldRow
          title={trans.__('Application')}
          description={trans.__('What its calls are recorded as.')}
          required
          fault={faults['application']}
        >
          {text('application')}
        </FieldRow>
        {isAdmin && (
          <FieldRow
            title={trans.__('User')}
            description={trans.__(
              'A person or a service account: whom its calls are charged to; empty: you.'
            )}
          >
            {text('user')}
          </FieldRow>
        )}
        <FieldRow title={trans.__('Groups')} description={trans.__('One on each line.')}>
          {lines('groups')}
        </FieldRow>
      </Section>
      <Section title={trans.__('What it may')}>
        <FieldRow
          title={trans.__('Models')}
          description={trans.__(
            'Names and patterns such as openai/*, one on each line; empty: every model its user and groups may use.'
          )}
        >
          {lines('models')}
        </FieldRow>
        <FieldRow title={trans.__('Last day')} fault={faults['expires']}>
          {ids => (
            <input
              {...ids}
              type="date"
              className="jp-mod-short"
              value={wish.expires}
              onChange={event => setWish({ ...wish, expires: event.target.value })}
            />
          )}
        </FieldRow>
        <FieldRow
          title={trans.__('Purpose')}
          description={trans.__('What every call with it is for; empty: the caller says.')}
        >
          {text('purpose')}
        </FieldRow>
        <FieldRow
          title={trans.__('Budget in $')}
          description={trans.__('Besides the budgets of its user.')}
          fault={faults['budget']}
        >
          {ids => (
            <span className="jp-mesh-Inline">
              {text('budget')(ids)}
              <select
                value={wish.window}
                aria-label={trans.__('Window of the budget')}
                onChange={event => {
                  const window = event.target.value as KeyRequest['window'];
                  setWish({ ...wish, window });
                }}
              >
                <option value="hour">{trans.__('an hour')}</option>
                <option value="day">{trans.__('a day')}</option>
                <option value="week">{trans.__('a week')}</option>
                <option value="month">{trans.__('a month')}</option>
                <option value="quarter">{trans.__('a quarter')}</option>
                <option value="total">{trans.__('in all')}</option>
              </select>
            </span>
          )}
        </FieldRow>
        {isAdmin && (
          <FieldRow
            title={trans.__('Administers')}
            description={trans.__('Whoever has this key can do all that these pages can.')}
          >
            {ids => (
              <input
                {...ids}
                type="checkbox"
                checked={wish.admin}
                onChange={event => setWish({ ...wish, admin: event.target.checked })}
              />
            )}
          </FieldRow>
        )}
        {mayAudit && (
          <FieldRow
            title={trans.__('Audits')}
            description={trans.__('Whoever has this key reads every record, and what was said.')}
          >
            {ids => (
              <input
                {...ids}
                type="checkbox"
                checked={wish.auditor}
                onChange={event => setWish({ ...wish, auditor: event.target.checked })}
              />
            )}
          </FieldRow>
        )}
      </Section>
      <div className="jp-mesh-SaveBar">
        {failure && (
          <div className="jp-mesh-Notice jp-mod-error" role="alert">
            {failure}
          </div>
        )}
        <div className="jp-mesh-SaveBar-buttons">
          <button type="submit" className="jp-mesh-Button jp-mod-primary" disabled={isBusy}>
            {trans.__('Make key')}
          </button>
          <button type="button" className="jp-mesh-Button" onClick={back}>
            {trans.__('Cancel')}
          </button>
        </div>
      </div>
    </form>
  );
}
