import React, { useState } from 'react';

import { type Setting } from '../../api/admin-types';
import { asMeshError } from '../../api/errors';
import { EmptyNote } from '../../ui/placeholder';
import { useAdmin } from '../context';
import { failureWords } from '../editing/failure-words';
import { Confirm } from '../ui/confirm';
import { Managed } from '../ui/managed';
import { coverage, spelledOut, withModel, withoutModel } from './globs';
import { type ITick, MatrixRow } from './matrix-row';
import { allowOf, type IModelRow } from './model-rows';

/** Rows that are drawn at once; the rest is a search or a click away. */
const SHOWN = 200;

interface IPatternTick extends ITick {
  glob: string;
}

/** Models by groups. A tick is saved at once; one that a pattern sets is first asked about. */
export function Matrix(props: {
  rows: readonly IModelRow[];
  /** Every model, also those the search has left out: a pattern covers them, too. */
  all: readonly IModelRow[];
  groups: readonly Setting[];
}): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  const { rows, all, groups } = props;
  const [shown, setShown] = useState(SHOWN);
  const [busy, setBusy] = useState('');
  const [failure, setFailure] = useState('');
  const [asked, setAsked] = useState<IPatternTick | null>(null);

  const save = async (group: Setting, model: string, allow: string[]): Promise<void> => {
    setBusy(`${group.name}\n${model}`);
    setFailure('');
    try {
      const update = { body: { ...group.body, allow }, version: group.version };
      await store.put('groups', group.name, update);
    } catch (reason) {
      const error = asMeshError(reason);
      const isOutrun = error.code === 'conflict';
      setFailure(
        isOutrun
          ? trans.__(
              'Somebody else has changed the group %1 in between. The table shows it as it is now; tick again.',
              group.name
            )
          : failureWords(error, trans)
      );
      await store.settings('groups').renew();
    }
    setBusy('');
  };
  const tick = (wanted: ITick): void => {
    const { group, model } = wanted;
    const allow = allowOf(group);
    const why = coverage(allow, model);
    if (why.kind === 'glob') {
      setAsked({ ...wanted, glob: why.glob });
    } else {
      const change = why.kind === 'named' ? withoutModel : withModel;
      void save(group, model, change(allow, model));
    }
  };

  if (rows.length === 0) {
    return (
      <EmptyNote>
        {all.length === 0
          ? trans.__('There are no models yet: make a connection first.')
          : trans.__('No model fits what was typed.')}
      </EmptyNote>
    );
  }
  return (
    <>
      {failure && (
        <div className="jp-mesh-Notice jp-mod-error" role="alert">
          {failure}
        </div>
      )}
      <div
        className="jp-mesh-Scroll"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Models by groups')}
      >
        <table className="jp-mesh-Table jp-mesh-Matrix">
          <thead>
            <tr>
              <th scope="col">{trans.__('Model')}</th>
              <th scope="col" className="jp-mod-number">
                {trans.__('$ in / out per 1M')}
              </th>
              <th scope="col" className="jp-mod-number">
                {trans.__('Speed, last 24 h')}
              </th>
              {groups.length === 0 && <th scope="col">{trans.__('Everybody')}</th>}
              {groups.map(group => (
                <th key={group.name} scope="col" className="jp-mesh-Matrix-group">
                  <button
                    type="button"
                    className="jp-mesh-Link"
                    title={trans.__('Edit the group %1', group.name)}
                    onClick={() =>
                      place.go({ page: 'models', open: { kind: 'groups', name: group.name } })
                    }
                  >
                    <bdi>{group.name}</bdi>
                  </button>
                  <Managed by={group.managed_by} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, index) => (
              <MatrixRow
                key={row.id}
                row={row}
                heading={row.connection !== rows[index - 1]?.connection ? row.connection : null}
                groups={groups}
                busy={busy}
                onTick={tick}
              />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown && (
        <button type="button" className="jp-mesh-Button" onClick={() => setShown(shown + SHOWN)}>
          {trans.__('Show more: %1 of %2', shown, rows.length)}
        </button>
      )}
      {asked !== null && (
        <Confirm
          title={trans.__('Replace the pattern %1?', asked.glob)}
          action={trans.__('Replace by names')}
          onClose={() => setAsked(null)}
          onConfirm={() => {
            const ids = all.map(({ id }) => id);
            const allow = spelledOut(allowOf(asked.group), asked.glob, ids, asked.model);
            return save(asked.group, asked.model, allow);
          }}
        >
          <p>
            {trans.__(
              'The pattern %1 opens %2 to the group %3, together with others, also those that are added later.',
              asked.glob,
              asked.model,
              asked.group.name
            )}
          </p>
          <p>
            {trans.__(
              'To close this one model, the pattern is replaced by the names of the others that it covers now.'
            )}
          </p>
        </Confirm>
      )}
    </>
  );
}
