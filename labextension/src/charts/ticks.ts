/** Round values along an axis, with what is written beside them. */
import { formatCount, formatDuration } from '../figures';

export interface ITick {
  value: number;
  label: string;
}

/** How many parts an axis has at most. */
const PARTS = 5;

/** The smallest of 1, 2, 5, 10, 20, … that divides `most` into no more than five parts. */
export function niceStep(most: number): number {
  if (!(most > 0)) {
    return 1;
  }
  const raw = most / PARTS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find(one => one * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function ticks(most: number, step: number, label: (value: number) => string): ITick[] {
  const parts = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: parts + 1 }, (_, index) => {
    const value = index * step;
    return { value, label: label(value) };
  });
}

/** From 0 to `most` or a little more, in whole numbers. */
export function countTicks(most: number): ITick[] {
  return ticks(most, Math.max(1, niceStep(most)), formatCount);
}

/** From $0; as many decimals as its steps need, and cents where there are any. */
export function moneyTicks(most: number): ITick[] {
  const step = niceStep(most);
  const needed = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const places = needed === 0 ? 0 : Math.max(2, needed);
  return ticks(most, step, value => {
    const [whole = '', fraction] = value.toFixed(places).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    return value === 0 ? '$0' : `$${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
  });
}

/** From 0 ms; steps are round in the unit that is written. */
export function durationTicks(most: number): ITick[] {
  const unit = most >= 120_000 ? 60_000 : most >= 1000 ? 1000 : 1;
  const step = niceStep(most / unit) * unit;
  return ticks(most, step, value => (value === 0 ? '0' : shortDuration(value)));
}

/** Without seconds where there are none: `3 min`. */
function shortDuration(ms: number): string {
  return ms >= 60_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : formatDuration(ms);
}

/** The value at the top of the axis. */
export function topOf(ticks: readonly ITick[]): number {
  return ticks.at(-1)?.value ?? 1;
}
