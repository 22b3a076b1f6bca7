/**
 * Hours, days, weeks, months and quarters of UTC, as the gateway counts them.
 *
 * What a chart shows over time has one place for each step, also where nothing happened.
 */
import { type ITick } from './ticks';

export const STEP_NAMES = ['hour', 'day', 'week', 'month', 'quarter'] as const;
export type StepName = (typeof STEP_NAMES)[number];

export interface IStep {
  start: Date;
  end: Date;
  /** In full: `Thu, 12 Nov 2026`. */
  label: string;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The beginning of the step that a moment is in. Weeks begin on Monday. */
export function startOf(moment: Date, name: StepName): Date {
  const [year, month, day] = [moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate()];
  switch (name) {
    case 'hour':
      return new Date(Math.floor(moment.getTime() / HOUR_MS) * HOUR_MS);
    case 'day':
      return new Date(Date.UTC(year, month, day));
    case 'week':
      return new Date(Date.UTC(year, month, day - ((moment.getUTCDay() + 6) % 7)));
    case 'month':
      return new Date(Date.UTC(year, month, 1));
    case 'quarter':
      return new Date(Date.UTC(year, month - (month % 3), 1));
  }
}

/** The beginning of the next one. */
export function nextOf(start: Date, name: StepName): Date {
  const lengths = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 31 * DAY_MS };
  const ahead = name === 'quarter' ? 100 * DAY_MS : lengths[name];
  return startOf(new Date(start.getTime() + ahead), name);
}

/** Every step that has a part of `since` to `until`, in order. */
export function stepsOf(since: Date, until: Date, name: StepName): IStep[] {
  const steps: IStep[] = [];
  for (let start = startOf(since, name); start < until;) {
    const end = nextOf(start, name);
    steps.push({ start, end, label: longLabel(start, end, name) });
    start = end;
  }
  return steps;
}

/** The length that shows a time in some ten to a hundred steps. */
export function fittingStep(since: Date, until: Date): 'hour' | 'day' | 'week' | 'month' {
  const days = (until.getTime() - since.getTime()) / DAY_MS;
  if (days <= 3) {
    return 'hour';
  }
  return days <= 95 ? 'day' : days <= 400 ? 'week' : 'month';
}

function longLabel(start: Date, end: Date, name: StepName): string {
  switch (name) {
    case 'hour':
      return `${WEEKDAY.format(start)}, ${clock(start)}`;
    case 'day':
      return DATE.format(start);
    case 'week':
      return `${dayLabel(start)} – ${dayLabel(new Date(end.getTime() - 1))}`;
    case 'month':
      return LONG_MONTH.format(start);
    case 'quarter':
      return shortLabel(start, 'quarter');
  }
}

/** As short as a heading of a column or a mark of an axis. */
export function shortLabel(start: Date, name: StepName): string {
  switch (name) {
    case 'hour':
      return start.getUTCHours() === 0 ? dayLabel(start) : clock(start);
    case 'day':
    case 'week':
      return dayLabel(start);
    case 'month':
      return MONTH.format(start);
    case 'quarter':
      return `Q${Math.floor(start.getUTCMonth() / 3) + 1} ${start.getUTCFullYear()}`;
  }
}

/** `12 Nov`, as the reader's language writes it. */
export function dayLabel(moment: Date): string {
  return DAY.format(moment);
}

function clock(moment: Date): string {
  return moment.toISOString().slice(11, 16);
}

// As the reader's language writes them; made once, since making one takes as long as a hundred dates.
const DAY = written({ day: 'numeric', month: 'short' });
const WEEKDAY = written({ weekday: 'short', day: 'numeric', month: 'short' });
const DATE = written({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const MONTH = written({ month: 'short', year: 'numeric' });
const LONG_MONTH = written({ month: 'long', year: 'numeric' });

function written(how: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(undefined, { ...how, timeZone: 'UTC' });
}

const STRIDES: Record<StepName, readonly number[]> = {
  hour: [1, 2, 3, 6, 12, 24, 48, 168],
  day: [1, 2, 7, 14, 28, 56, 84, 168],
  week: [1, 2, 4, 8, 13, 26],
  month: [1, 2, 3, 6, 12, 24],
  quarter: [1, 2, 4, 8]
};

/** Marks of the axis, by the number of their step: as many as find room, at round times. */
export function timeTicks(steps: readonly IStep[], name: StepName, room: number): ITick[] {
  const most = Math.max(1, Math.floor(room));
  const strides = STRIDES[name];
  const stride =
    strides.find(one => Math.ceil(steps.length / one) <= most) ?? Math.ceil(steps.length / most);
  return steps.flatMap(({ start }, index) =>
    ordinal(start, name, index) % stride === 0
      ? [{ value: index, label: shortLabel(start, name) }]
      : []
  );
}

/** What the strides count: hours since a midnight, Mondays among the days, months since a January. */
function ordinal(start: Date, name: StepName, index: number): number {
  switch (name) {
    case 'hour':
      return start.getTime() / HOUR_MS;
    case 'day':
      return start.getTime() / DAY_MS + 3;
    case 'month':
      return start.getUTCFullYear() * 12 + start.getUTCMonth();
    case 'week':
    case 'quarter':
      return index;
  }
}
