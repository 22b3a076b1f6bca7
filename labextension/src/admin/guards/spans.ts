/** A text cut where findings begin and end, so that each piece can be marked. */
import { type TriedFinding } from '../../api/admin-types';

export interface IPiece {
  text: string;
  /** All that lies over it; none where nothing was found. */
  findings: readonly TriedFinding[];
}

/** The gateway counts characters, a browser counts halves of some: an emoji is one of the first. */
export function piecesOf(text: string, findings: readonly TriedFinding[]): IPiece[] {
  const characters = Array.from(text);
  const cuts = [0, characters.length, ...findings.flatMap(({ start, end }) => [start, end])];
  const places = [...new Set(cuts)]
    .filter(at => at >= 0 && at <= characters.length)
    .sort((a, b) => a - b);
  return places.slice(1).map((end, index) => {
    const start = places[index] ?? 0;
    return {
      text: characters.slice(start, end).join(''),
      findings: findings.filter(one => one.start < end && one.end > start)
    };
  });
}
