import React, { useEffect, useId, useState } from 'react';

import { type GuardTrialResult, type IDraftObject } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { useResource } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { FieldRow } from '../form/field-row';
import { Section } from '../ui/page';
import { Segments } from '../ui/segments';
import { TryResult } from './try-result';

type Direction = 'request' | 'response';
type Trial =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'done'; text: string; direction: Direction; result: GuardTrialResult }
  | { kind: 'failed'; reason: string };

/** A text to look at as policy does, or as it would with what is being edited. Nothing is sent. */
export function TryBox(props: {
  /** What is not saved yet; none: what is in force. */
  draft?: () => readonly IDraftObject[];
  /** What is tried first. */
  start?: Direction;
}): React.JSX.Element {
  const { trans, store } = useAdmin();
  const { draft } = props;
  const [text, setText] = useState('');
  const [direction, setDirection] = useState<Direction>(props.start ?? 'request');
  const [model, setModel] = useState('');
  const [group, setGroup] = useState('');
  const [application, setApplication] = useState('');
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const listId = useId();
  const { models, groups } = useChoices();
  const look = async (): Promise<void> => {
    setTrial({ kind: 'running' });
    try {
      const asked = {
        text,
        direction,
        model: model || null,
        groups: group ? [group] : [],
        application: application.trim() || null
      };
      const result = await store.api.tryGuards({ ...asked, draft: draft?.() ?? [] });
      setTrial({ kind: 'done', text, direction, result });
    } catch (reason) {
      setTrial({ kind: 'failed', reason: failureWords(asMeshError(reason), trans) });
    }
  };
  return (
    <Section
      title={trans.__('Try it')}
      hint={
        draft
          ? trans.__('A text as this rule would treat it, together with all that is in force.')
          : trans.__('A text as the rules in force treat it. It is not sent, and not kept.')
      }
    >
      <div className="jp-mesh-Inline">
        <Segments
          label={trans.__('The text is')}
          options={[
            ['request', trans.__('A request')],
            ['response', trans.__('An answer')]
          ]}
          value={direction}
          onChange={setDirection}
        />
      </div>
      <Choice
        title={trans.__('Model')}
        none={trans.__('any of them')}
        options={models}
        value={model}
        onChange={setModel}
      />
      <Choice
        title={trans.__('Asked by')}
        none={trans.__('somebody in no group')}
        options={groups}
        value={group}
        onChange={setGroup}
      />
      <FieldRow title={trans.__('From the application')}>
        {ids => (
          <input
            {...ids}
            type="text"
            value={application}
            placeholder="notebook"
            spellCheck={false}
            onChange={event => setApplication(event.target.value)}
          />
        )}
      </FieldRow>
      <FieldRow title={trans.__('Text')}>
        {ids => (
          <textarea
            {...ids}
            className="jp-mesh-Try-text"
            rows={4}
            value={text}
            aria-controls={listId}
            onChange={event => setText(event.target.value)}
          />
        )}
      </FieldRow>
      <div className="jp-mesh-Inline">
        <button
          type="button"
          className="jp-mesh-Button"
          disabled={text === '' || trial.kind === 'running'}
          onClick={() => void look()}
        >
          {trial.kind === 'running' ? trans.__('Looking…') : trans.__('Look at it')}
        </button>
      </div>
      <div id={listId} role="status">
        {trial.kind === 'failed' && <p className="jp-mesh-Form-error">{trial.reason}</p>}
        {trial.kind === 'done' && <TryResult {...trial} />}
      </div>
    </Section>
  );
}

function Choice(props: {
  title: string;
  none: string;
  options: readonly string[];
  value: string;
  onChange: (value: string) => void;
}): React.JSX.Element {
  return (
    <FieldRow title={props.title}>
      {ids => (
        <select {...ids} value={props.value} onChange={event => props.onChange(event.target.value)}>
          <option value="">{props.none}</option>
          {props.options.map(one => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
    </FieldRow>
  );
}

/** Models, aliases and groups to choose from, as far as they are known. */
function useChoices(): { models: readonly string[]; groups: readonly string[] } {
  const { store } = useAdmin();
  const connections = useResource(store.connections);
  const aliases = useResource(store.settings('aliases'));
  const groups = useResource(store.settings('groups'));
  useEffect(() => {
    void Promise.all(
      [store.connections, store.settings('aliases'), store.settings('groups')].map(one =>
        one.refresh()
      )
    );
  }, [store]);
  return {
    models: [
      ...(aliases.kind === 'ready' ? aliases.value.map(({ name }) => name) : []),
      ...(connections.kind === 'ready' ? connections.value.flatMap(({ models }) => models) : [])
    ],
    groups: groups.kind === 'ready' ? groups.value.map(({ name }) => name) : []
  };
}
