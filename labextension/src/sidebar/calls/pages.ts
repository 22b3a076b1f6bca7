import { type CallPage } from '../../api/types';

/**
 * The newest page on top of what was shown before, each call once and as it is now.
 *
 * Where the two do not touch (many calls came in between) the older part is dropped rather than shown with a gap.
 */
export function joined(newest: CallPage, shown: CallPage | null): CallPage {
  const fresh = new Set(newest.calls.map(call => call.id));
  if (shown === null || !shown.calls.some(call => fresh.has(call.id))) {
    return newest;
  }
  const older = shown.calls.filter(call => !fresh.has(call.id));
  return { ...shown, calls: [...newest.calls, ...older] };
}
