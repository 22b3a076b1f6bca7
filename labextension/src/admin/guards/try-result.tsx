import { type TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type GuardTrialResult } from '../../api/admin-types';
import { actionTone, actionWords } from '../../calls/verdict-words';
import { formatDuration } from '../../figures';
import { useAdmin } from '../context';
import { type IPiece, piecesOf } from './spans';

/** What comes of a text: in a sentence, in the text itself, and as a table. */
export function TryResult(props: {
  text: string;
  direction: 'request' | 'response';
  result: GuardTrialResult;
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { text, direction, result } = props;
  const { findings, verdicts } = result;
  return (
    <div className="jp-mesh-Try">
      <p className={`jp-mesh-Sentence jp-mod-${result.outcome}`}>
        {outcomeWords(result, direction, trans)}{' '}
        <span className="jp-mesh-dim">
          {trans.__('Looked at in %1.', formatDuration(result.milliseconds))}
        </span>
      </p>
      <pre className="jp-mesh-Try-shown" aria-label={trans.__('The text, with what was found')}>
        {piecesOf(text, findings).map((piece, index) => (
          <Piece key={index} piece={piece} />
        ))}
      </pre>
      {findings.length > 0 && <Findings text={text} result={result} />}
      {verdicts.length > 0 && <Verdicts result={result} />}
      {result.result !== null && result.result !== text && (
        <>
          <h3>{direction === 'request' ? trans.__('What is sent') : trans.__('What is shown')}</h3>
          <pre className="jp-mesh-Try-shown">{result.result}</pre>
        </>
      )}
    </div>
  );
}

function outcomeWords(
  { outcome, reason, screened }: GuardTrialResult,
  direction: 'request' | 'response',
  trans: TranslationBundle
): string {
  if (!screened) {
    return trans.__('No rule is about this: it passes as it is.');
  }
  switch (outcome) {
    case 'passes':
      return trans.__('It passes as it is.');
    case 'changed':
      return direction === 'request'
        ? trans.__('It is changed before it is sent.')
        : trans.__('It is changed before it is shown.');
    case 'blocked':
      return reason ?? trans.__('It is refused.');
    case 'unavailable':
      return reason ?? trans.__('It cannot be looked at, so it is refused.');
  }
}

function Piece({ piece }: { piece: IPiece }): React.JSX.Element {
  const { trans } = useAdmin();
  const { text, findings } = piece;
  if (findings.length === 0) {
    return <>{text}</>;
  }
  const order = ['bad', 'changed', 'warn', 'none'];
  const tones = findings.map(({ action }) => actionTone(action));
  const tone = order.find(one => tones.some(other => other === one)) ?? 'none';
  const said = findings.map(({ entity, action }) => `${entity}: ${actionWords(action, trans)}`);
  return (
    <mark className={`jp-mesh-Found jp-mod-${tone}`} title={said.join('\n')}>
      {text}
    </mark>
  );
}

function Findings({ text, result }: { text: string; result: GuardTrialResult }): React.JSX.Element {
  const { trans } = useAdmin();
  const characters = Array.from(text);
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table" aria-label={trans.__('What was found')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Found')}</th>
            <th scope="col">{trans.__('Kind')}</th>
            <th scope="col">{trans.__('Detector')}</th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Score')}
            </th>
            <th scope="col">{trans.__('What comes of it')}</th>
            <th scope="col">{trans.__('Rule')}</th>
          </tr>
        </thead>
        <tbody>
          {result.findings.map((one, index) => (
            <tr key={index}>
              <td className="jp-mesh-Try-span">
                <bdi>{characters.slice(one.start, one.end).join('')}</bdi>
              </td>
              <td>{one.entity}</td>
              <td>
                <bdi>{one.detector}</bdi>
              </td>
              <td className="jp-mod-number">{one.score.toFixed(2)}</td>
              <td>{fateOf(one, trans)}</td>
              <td>
                <bdi>{one.rule ?? '–'}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a rule that only watches would do is said beside what is done. */
function fateOf(
  { action, would }: { action: string | null; would: string | null },
  trans: TranslationBundle
): string {
  const words = actionWords(action ?? 'allow', trans);
  return would === null ? words : trans.__('%1; watched: %2', words, actionWords(would, trans));
}

function Verdicts({ result }: { result: GuardTrialResult }): React.JSX.Element {
  const { trans } = useAdmin();
  return (
    <div className="jp-mesh-Scroll">
      <table className="jp-mesh-Table" aria-label={trans.__('What judges say')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Judge')}</th>
            <th scope="col" className="jp-mod-number">
              {trans.__('Score')}
            </th>
            <th scope="col">{trans.__('Categories')}</th>
            <th scope="col">{trans.__('What comes of it')}</th>
          </tr>
        </thead>
        <tbody>
          {result.verdicts.map(one => (
            <tr key={one.guard}>
              <td>
                <bdi>{one.guard}</bdi>
              </td>
              <td className="jp-mod-number">{one.score.toFixed(2)}</td>
              <td>{one.categories.join(', ') || '–'}</td>
              <td>
                {one.action === null && one.would === null
                  ? trans.__('nothing')
                  : fateOf(one, trans)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
