import React, { useState } from 'react';

import { useAdmin } from '../context';
import { type IInputIds } from './field-row';
import { type ISecretValue } from './values';

/** A key goes in and never comes out: what is set is said, not shown. */
export function SecretInput(props: {
  ids: IInputIds;
  title: string;
  value: ISecretValue;
  isReadOnly: boolean;
  onChange: (value: ISecretValue) => void;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { ids, title, value, isReadOnly, onChange } = props;
  const [isReplacing, setReplacing] = useState(false);
  if (isReadOnly) {
    return (
      <span id={ids.id}>
        {value.kept === null ? trans.__('No key is set.') : <KeptKey kept={value.kept} />}
      </span>
    );
  }
  if (value.kept !== null && !isReplacing && value.typed === '') {
    return (
      <span className="jp-mesh-Secret">
        <KeptKey kept={value.kept} />
        <button
          type="button"
          id={ids.id}
          className="jp-mesh-Button"
          aria-label={trans.__('Replace the key: %1', title)}
          onClick={() => setReplacing(true)}
        >
          {trans.__('Replace…')}
        </button>
        <button
          type="button"
          className="jp-mesh-Button"
          aria-label={trans.__('Take the key out: %1', title)}
          onClick={() => onChange({ kept: null, typed: '' })}
        >
          {trans.__('Take out')}
        </button>
      </span>
    );
  }
  return (
    <span className="jp-mesh-Secret">
      <input
        {...ids}
        type="password"
        value={value.typed}
        autoFocus={isReplacing}
        autoComplete="new-password"
        spellCheck={false}
        placeholder={trans.__('the key, or env:NAME, or file:PATH')}
        onChange={event => onChange({ ...value, typed: event.target.value })}
      />
      {isReplacing && (
        <button
          type="button"
          className="jp-mesh-Button"
          onClick={() => {
            setReplacing(false);
            onChange({ ...value, typed: '' });
          }}
        >
          {trans.__('Keep the old one')}
        </button>
      )}
    </span>
  );
}

function KeptKey({ kept }: { kept: string }): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <span className="jp-mesh-Secret-kept">
      {kept.startsWith('store:') || !/^(env|file):/.test(kept)
        ? trans.__('A key is set.')
        : trans.__('A key is set, from %1.', kept)}
    </span>
  );
}
