/** `window: rolling 24h` as two inputs: a choice, and a length that is asked for with it only. */
import { type Body, type Json } from '../../api/admin-types';
import { type IField } from '../form/fields';
import { type Values } from '../form/values';
import { textOf } from '../json';

export const ROLLING = 'rolling';
export const WINDOWS = ['hour', 'day', 'week', 'month', 'quarter', 'total', ROLLING] as const;
/** The input of the length. */
export const LENGTH = 'rolling';

/** The two fields of a rolling window; nothing for any other. */
export function rollingRead(window: Json | undefined): Body {
  const [kind, length] = textOf(window).split(/\s+/);
  return kind === ROLLING ? { window: ROLLING, [LENGTH]: length ?? '' } : {};
}

/** The inverse of `rollingRead`; the length of a window that no longer rolls is left out. */
export function rollingWritten(body: Body): Body {
  const { [LENGTH]: length, ...others } = body;
  return others['window'] === ROLLING
    ? { ...others, window: `${ROLLING} ${lengthText(length)}`.trim() }
    : others;
}

export function isAsked({ name }: IField, values: Values): boolean {
  return name !== LENGTH || values['window'] === String(WINDOWS.indexOf(ROLLING));
}

function lengthText(length: Json | undefined): string {
  return typeof length === 'number' ? `${length}s` : textOf(length);
}
