import { type Tone } from './tones';

/** What one step of a chart says: read out, shown beside the cursor, and a row of its table. */
export interface IReadout {
  /** In the same order at every step. */
  lines: readonly ILine[];
}

export interface ILine {
  name: string;
  words: string;
  tone: Tone | null;
  /** Nothing there: left out beside the cursor, a dash in the table. */
  isNothing?: boolean;
}

/** As a sentence for a screen reader. */
export function spoken(title: string, { lines }: IReadout): string {
  const said = lines.filter(line => !line.isNothing).map(line => `${line.name} ${line.words}`);
  return `${title}: ${said.join(', ') || '–'}`;
}
