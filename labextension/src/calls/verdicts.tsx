import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { useWords } from '../ui/words';
import { plain } from './content';
import { actionTone, actionWords } from './verdict-words';

type Verdict = Readonly<Record<string, unknown>>;

/** Fields that have a column or are said in one; others are said behind them. */
const SAID = ['guard', 'entity', 'direction', 'action', 'would', 'count', 'score', 'categories'];
/** Where in the text it stood: of use to programs. */
const POSITIONS = 'positions';
const RULE = 'rule';

/** What guards found in a call and what came of it; a field of a later version is shown as it is. */
export function Verdicts({ verdicts }: { verdicts: readonly unknown[] }): React.JSX.Element {
  const trans = useWords();
  const rows = verdicts.map(one => (typeof one === 'object' && one !== null ? one : {}) as Verdict);
  const others = [...new Set(rows.flatMap(Object.keys))].filter(
    name => name !== POSITIONS && !SAID.includes(name)
  );
  return (
    <table className="jp-mesh-Records">
      <thead>
        <tr>
          <th scope="col">{trans.__('Found')}</th>
          <th scope="col">{trans.__('By')}</th>
          <th scope="col" className="jp-mod-number">
            {trans.__('Times')}
          </th>
          <th scope="col">{trans.__('What came of it')}</th>
          {others.map(name => (
            <th key={name} scope="col">
              {name === RULE ? trans.__('Rule') : titled(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            <td>{foundWords(row, trans)}</td>
            <td>
              <bdi>{plain(row['guard'])}</bdi>
            </td>
            <td className="jp-mod-number">{plain(row['count'] ?? 1)}</td>
            <td>
              <span className={`jp-mesh-Fate jp-mod-${actionTone(plain(row['action']))}`}>
                {cameOfIt(row, trans)}
              </span>
            </td>
            {others.map(name => (
              <td key={name}>{plain(row[name])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `EMAIL_ADDRESS`, or `answer: toxicity, 0.93`. */
function foundWords(row: Verdict, trans: TranslationBundle): string {
  const score = typeof row['score'] === 'number' ? row['score'].toFixed(2) : '';
  const text = row['direction'] === 'response' ? trans.__('answer') : trans.__('request');
  const what = plain(row['entity']) || (row['direction'] === undefined ? '' : text);
  const more = [plain(row['categories']), score].filter(one => one !== '').join(', ');
  return [what, more].filter(one => one !== '').join(': ');
}

function cameOfIt(row: Verdict, trans: TranslationBundle): string {
  if (row['action'] !== 'monitor') {
    return actionWords(plain(row['action']), trans);
  }
  return row['would'] === 'fail'
    ? trans.__('it failed; its rule only watches')
    : trans.__('nothing; its rule only watches, else: %1', actionWords(plain(row['would']), trans));
}

/** `some_field` as `Some field`. */
function titled(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
