/** Points of each run of measured steps; one without a value leaves a gap. */
export function runsOf(values: readonly (number | null)[]): [x: number, y: number][][] {
  const runs: [number, number][][] = [[]];
  for (const [step, value] of values.entries()) {
    if (value === null) {
      runs.push([]);
    } else {
      runs.at(-1)?.push([step, value]);
    }
  }
  return runs.filter(run => run.length > 0);
}
