import React from 'react';

import { type Tone, toneClass } from './tones';

export interface IRanked {
  key: string;
  name: string;
  words: string;
  /** Every digit, for a tooltip. */
  exact?: string;
  /** Lengths of the parts of its bar, in the measure of `most`. */
  parts: readonly { name: string; tone: Tone; value: number }[];
  onPick?: () => void;
  hint?: string;
}

/** Names with a bar each, the largest first: a list that is its own table. */
export function RankedBars(props: {
  label: string;
  rows: readonly IRanked[];
  most: number;
  lit?: string | null;
}): React.JSX.Element {
  const { rows, most, lit = null } = props;
  return (
    <ol className="jp-mesh-Ranked" aria-label={props.label}>
      {rows.map(row => (
        <li key={row.key}>
          <span className="jp-mesh-Ranked-name">
            {row.onPick ? (
              <button type="button" className="jp-mesh-Link" title={row.hint} onClick={row.onPick}>
                <bdi>{row.name}</bdi>
              </button>
            ) : (
              <bdi>{row.name}</bdi>
            )}
          </span>
          <span className="jp-mesh-Ranked-bar" aria-hidden="true">
            {row.parts.map(part => (
              <span
                key={part.name}
                className={`${toneClass(part.tone)} ${
                  lit !== null && lit !== part.name ? 'jp-mod-unlit' : ''
                }`}
                title={part.name}
                style={{ width: `${most > 0 ? (part.value / most) * 100 : 0}%` }}
              />
            ))}
          </span>
          <span className="jp-mesh-Amount" title={row.exact}>
            {row.words}
          </span>
        </li>
      ))}
    </ol>
  );
}
