/** A time to look at, as a link names it and as the gateway is asked for it. Days are those of UTC. */
import { DAY_MS, dayLabel, startOf } from '../../charts/steps';

export const PRESETS = [
  '24h',
  'today',
  '7d',
  '30d',
  'month',
  'last-month',
  'quarter',
  'last-quarter'
] as const;
export type Preset = (typeof PRESETS)[number];

/** By its name, or from one day to another, both included, as `2026-01-31`. */
export type Range = Preset | { first: string; last: string };

export interface IBounds {
  since: Date;
  until: Date;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** As many days as the gateway looks back. */
export const MOST_DAYS = 400;

/** A range as a link names it; whatever is wrong is `fallback`. */
export function rangeOf(text: string | undefined, fallback: Preset): Range {
  const preset = PRESETS.find(one => one === text);
  const [first = '', last = ''] = (text ?? '').split('..');
  if (preset !== undefined || faultOf(first, last) !== null) {
    return preset ?? fallback;
  }
  return { first, last };
}

export function rangeText(range: Range): string {
  return typeof range === 'string' ? range : `${range.first}..${range.last}`;
}

/** What is wrong with two days; null when nothing is. */
export function faultOf(first: string, last: string): 'incomplete' | 'reversed' | 'long' | null {
  const [from, to] = [first, last].map(day =>
    DAY.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN
  ) as [number, number];
  if (Number.isNaN(from) || Number.isNaN(to)) {
    return 'incomplete';
  }
  if (from > to) {
    return 'reversed';
  }
  return to - from >= (MOST_DAYS - 1) * DAY_MS ? 'long' : null;
}

/** From when to when it is; what lies ahead of `now` is not in it. */
export function boundsOf(range: Range, now: Date): IBounds {
  const ago = (days: number): Date => new Date(now.getTime() - days * DAY_MS);
  if (typeof range !== 'string') {
    const [first, last] = [Date.parse(range.first), Date.parse(range.last)];
    const end = Math.min(now.getTime(), last + DAY_MS);
    return { since: new Date(first), until: new Date(Math.max(end, first + DAY_MS)) };
  }
  const month = startOf(now, 'month');
  const quarter = startOf(now, 'quarter');
  switch (range) {
    case '24h':
      return { since: ago(1), until: now };
    case 'today':
      return { since: startOf(now, 'day'), until: now };
    case '7d':
      return { since: startOf(ago(6), 'day'), until: now };
    case '30d':
      return { since: startOf(ago(29), 'day'), until: now };
    case 'month':
      return { since: month, until: now };
    case 'last-month':
      return { since: startOf(new Date(month.getTime() - DAY_MS), 'month'), until: month };
    case 'quarter':
      return { since: quarter, until: now };
    case 'last-quarter':
      return { since: startOf(new Date(quarter.getTime() - DAY_MS), 'quarter'), until: quarter };
  }
}

/** The days of a time, as fields for dates have them. */
export function daysOf({ since, until }: IBounds): { first: string; last: string } {
  const last = new Date(until.getTime() - 1);
  return { first: since.toISOString().slice(0, 10), last: last.toISOString().slice(0, 10) };
}

/** `1 Nov – 22 Nov`, or one day. */
export function boundsWords({ since, until }: IBounds): string {
  const last = new Date(until.getTime() - 1);
  const isOneDay = startOf(since, 'day').getTime() === startOf(last, 'day').getTime();
  return isOneDay ? dayLabel(since) : `${dayLabel(since)} – ${dayLabel(last)}`;
}
