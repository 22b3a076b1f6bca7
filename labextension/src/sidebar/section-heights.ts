/** How the sidebar's sections share its height: by what they hold, not by fixed parts. */

/** Of the room, what each section has before another gets more than that: models, cost, calls. */
const FLOORS = [0.45, 0.2, 0.2];
/** Who is filled up first with what the floors leave. */
const ORDER = [1, 0, 2];

/**
 * A height for each section. Room that nobody needs goes to the last one.
 *
 * @param wanted - What each section needs to show all it holds; 0 for one that is folded away.
 * @param room - What they have together.
 */
export function sectionHeights(wanted: readonly number[], room: number): number[] {
  const heights = wanted.map((height, index) => Math.min(height, room * (FLOORS[index] ?? 0)));
  let left = room - sum(heights);
  for (const index of ORDER) {
    const more = Math.min(left, (wanted[index] ?? 0) - (heights[index] ?? 0));
    heights[index] = (heights[index] ?? 0) + more;
    left -= more;
  }
  const last = Math.max(...wanted.map((height, index) => (height > 0 ? index : -1)));
  if (last >= 0) {
    heights[last] = (heights[last] ?? 0) + left;
  }
  return heights;
}

/** What a section needs to show everything it holds, in pixels. */
export function contentHeight(section: HTMLElement): number {
  const top = section.getBoundingClientRect().top - section.scrollTop;
  const bottoms = Array.from(section.children, child => child.getBoundingClientRect().bottom);
  return Math.max(0, ...bottoms.map(bottom => Math.ceil(bottom - top)));
}

function sum(heights: readonly number[]): number {
  return heights.reduce((total, height) => total + height, 0);
}
