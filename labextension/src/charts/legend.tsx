import React from 'react';

import { type Tone, toneClass } from './tones';

export interface IEntry {
  name: string;
  tone: Tone;
  isDashed?: boolean;
  /** Said beside the name. */
  words?: string;
  onPick?: () => void;
  /** What picking it does. */
  hint?: string;
}

/** What the colours of a chart stand for. */
export function Legend(props: {
  entries: readonly IEntry[];
  onLight?: (name: string | null) => void;
}): React.JSX.Element {
  const { entries, onLight } = props;
  return (
    <ul className="jp-mesh-Legend">
      {entries.map(({ name, tone, words, onPick, hint, isDashed }) => (
        <li
          key={name}
          onPointerEnter={() => onLight?.(name)}
          onPointerLeave={() => onLight?.(null)}
          onFocus={() => onLight?.(name)}
          onBlur={() => onLight?.(null)}
        >
          <span
            className={`jp-mesh-Swatch ${toneClass(tone)} ${isDashed ? 'jp-mod-dashed' : ''}`}
            aria-hidden="true"
          />
          {onPick ? (
            <button type="button" className="jp-mesh-Link" title={hint} onClick={onPick}>
              <bdi>{name}</bdi>
            </button>
          ) : (
            <bdi>{name}</bdi>
          )}
          {words !== undefined && <span className="jp-mesh-Amount jp-mesh-dim">{words}</span>}
        </li>
      ))}
    </ul>
  );
}
