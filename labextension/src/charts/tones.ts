/**
 * Colours of series, as classes: the style sheet gives each one for light and one for dark themes.
 *
 * Seven that also people with a colour deficiency tell apart (after Okabe and Ito), one for all others together, and
 * those with a meaning: what failed, and what was promised.
 */
export type Tone = (typeof TONES)[number] | 'rest' | 'bad' | 'limit';

const TONES = ['1', '2', '3', '4', '5', '6', '7'] as const;

/** How many series have a colour of their own. */
export const MOST_SERIES = TONES.length;

/** The colour of the n-th series; beyond the seventh they are "others". */
export function toneOf(index: number): Tone {
  return TONES[index] ?? 'rest';
}

export function toneClass(tone: Tone): string {
  return `jp-mod-tone-${tone}`;
}
