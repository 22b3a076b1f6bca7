/** Counts, durations and sizes as people read them. */

const STEPS: readonly [limit: number, unit: string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k']
];

/** A count in at most four characters and a unit: `812`, `12.3k`, `1M`. */
export function formatCount(count: number): string {
  for (const [index, [size, unit]] of STEPS.entries()) {
    // 999 950 rounds to 1000k: say 1M.
    const coarser = index > 0 && count / size >= 999.95;
    if (coarser) {
      const [larger, largerUnit] = STEPS[index - 1] ?? [size, unit];
      return oneDecimal(count / larger) + largerUnit;
    }
    if (count >= size) {
      return oneDecimal(count / size) + unit;
    }
  }
  return String(Math.round(count));
}

/** A count in full, thousands grouped: `1,204`. */
export function exactCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A duration given in milliseconds: `0.30 ms`, `90 ms`, `1.2 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1) {
    return ms === 0 ? '0 ms' : `${ms.toFixed(2)} ms`;
  }
  if (ms < 999.5) {
    return `${Math.round(ms)} ms`;
  }
  const seconds = ms / 1000;
  if (seconds < 59.95) {
    return `${oneDecimal(seconds)} s`;
  }
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A share as per cent: `2.5 %`, `34 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent < 9.95 ? oneDecimal(percent) : Math.round(percent)} %`;
}

function oneDecimal(value: number): string {
  return value >= 99.95 ? String(Math.round(value)) : String(Number(value.toFixed(1)));
}
