/** Times as mesh.yaml takes them: `30s`, `10m`, `12h`, `7d`, `2w`, or a number of seconds. */
import { type Json } from '../../api/admin-types';

const UNITS: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1 };
const ISO = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** As it is written in a form; a schema's own default comes as ISO 8601. */
export function durationText(value: Json | undefined): string {
  if (typeof value === 'number') {
    return `${value}s`;
  }
  if (typeof value !== 'string') {
    return '';
  }
  const [found, days = 0, hours = 0, minutes = 0, seconds = 0] = ISO.exec(value) ?? [];
  if (found === undefined) {
    return value;
  }
  return shortest(
    Number(days) * 86400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  );
}

/** What is sent for a typed text, or null for what is no time. */
export function durationOf(text: string): string | number | null {
  const [found, count = '', unit = 's'] = /^(\d+(?:\.\d+)?)\s*([smhdw])?$/.exec(text.trim()) ?? [];
  if (found === undefined) {
    return null;
  }
  return count.includes('.') ? Number(count) * (UNITS[unit] ?? 1) : `${count}${unit}`;
}

function shortest(seconds: number): string {
  for (const [unit, size] of Object.entries(UNITS)) {
    if (seconds > 0 && seconds % size === 0) {
      return `${seconds / size}${unit}`;
    }
  }
  return `${seconds}s`;
}
