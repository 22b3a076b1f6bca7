/**
 * Amounts of money as people read them.
 *
 * The gateway sends exact decimal strings. They are cut and rounded here as strings, never turned into binary
 * fractions. Totals on the screen are those the gateway has computed; where a table groups what came with one answer,
 * its sums are made of whole numbers (`picoOf`), so that they come out to the last digit.
 */
import { type Usd } from './api/types';

interface IDigits {
  negative: boolean;
  whole: string;
  fraction: string;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Whole and fractional digits of a decimal string, an exponent such as Python's `1E-7` resolved. */
function digits(amount: Usd): IDigits | null {
  const match = DECIMAL.exec(amount.trim());
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') {
    return null;
  }
  const shift = Number(exponent);
  const all = whole + fraction;
  const point = whole.length + shift;
  const left = point <= 0 ? '0' : all.slice(0, point).padEnd(point, '0');
  const right = point <= 0 ? '0'.repeat(-point) + all : all.slice(point);
  return { negative: sign === '-', whole: left.replace(/^0+(?=\d)/, ''), fraction: right };
}

/** One unit more in the last place: `199` becomes `200`, `99` becomes `100`. */
function increment(number: string): string {
  const kept = number.replace(/9+$/, '');
  const nines = '0'.repeat(number.length - kept.length);
  if (kept === '') {
    return `1${nines}`;
  }
  return kept.slice(0, -1) + String(Number(kept.slice(-1)) + 1) + nines;
}

/** Rounded half up to so many places; exact, because it only moves digits. */
function round({ negative, whole, fraction }: IDigits, places: number): IDigits {
  const kept = whole + fraction.slice(0, places).padEnd(places, '0');
  const up = (fraction[places] ?? '0') >= '5';
  const rounded = up ? increment(kept) : kept;
  const cut = rounded.length - places;
  return { negative, whole: rounded.slice(0, cut), fraction: rounded.slice(cut) };
}

function write({ negative, whole, fraction }: IDigits): string {
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${negative ? '−' : ''}$${grouped}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Places that leave an amount readable: cents, and two significant digits below ten cents. */
function readablePlaces({ whole, fraction }: IDigits): number {
  const leadingZeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  const isSmall = whole === '0' && leadingZeros > 0 && leadingZeros < fraction.length;
  return isSmall ? leadingZeros + 2 : 2;
}

/** An amount for a line of text: `$18.20`, `$0.0012`, `$1,204.00`. */
export function formatUsd(amount: Usd): string {
  const parsed = digits(amount);
  if (parsed === null) {
    return amount;
  }
  const rounded = round(parsed, readablePlaces(parsed));
  if (rounded.fraction.length <= 2) {
    return write(rounded);
  }
  // `0.0010` says no more than `0.001`, but cents stay two digits.
  return write({ ...rounded, fraction: rounded.fraction.replace(/0+$/, '').padEnd(2, '0') });
}

/** The amount to its last digit, for tooltips: what the gateway sent, in plain notation; cents at the least. */
export function exactUsd(amount: Usd): string {
  const parsed = digits(amount);
  if (parsed === null) {
    return amount;
  }
  const fraction = isZeroUsd(amount) ? '' : parsed.fraction;
  return write({ ...parsed, fraction: fraction.padEnd(2, '0') });
}

/** True for zero in any notation (`0`, `0.00`, `0E-12`). */
export function isZeroUsd(amount: Usd): boolean {
  const parsed = digits(amount);
  return parsed !== null && /^0*$/.test(parsed.whole + parsed.fraction);
}

/** Where `part` stands on the way to `whole`, from 0 to 1: for the length of a bar, not for a figure. */
export function shareOf(part: Usd, whole: Usd): number {
  const ratio = Number(part) / Number(whole);
  return Number.isNaN(ratio) ? 0 : Math.min(1, Math.max(0, ratio));
}

/** Digits of an amount behind the point: as many as the gateway counts. */
const PLACES = 12;

/** An amount in millionths of a millionth of a dollar, the unit the gateway counts in: these can be added exactly. */
export function picoOf(amount: Usd): bigint {
  const parsed = digits(amount);
  if (parsed === null) {
    return 0n;
  }
  const { negative, whole, fraction } = round(parsed, PLACES);
  const pico = BigInt(whole + fraction);
  return negative ? -pico : pico;
}

/** The inverse of `picoOf`. */
export function usdOf(pico: bigint): Usd {
  const all = (pico < 0n ? -pico : pico).toString().padStart(PLACES + 1, '0');
  const sign = pico < 0n ? '-' : '';
  const fraction = all.slice(-PLACES).replace(/0+$/, '');
  return `${sign}${all.slice(0, -PLACES)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** For the length of a bar, not for a figure. */
export function dollarsOf(pico: bigint): number {
  return Number(pico) / 10 ** PLACES;
}
