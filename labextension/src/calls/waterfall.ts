/** When the parts of a call began and how long they took, from its start. Milliseconds. */
import { type CallDetail } from '../api/types';

export interface ISpan {
  kind: 'first-token' | 'streaming' | 'upstream' | 'overhead' | 'child';
  /** The model of a nested call; empty for the others. */
  model: string;
  start: number;
  length: number;
}

/** The spans of a call in the order in which they are read; empty while it is under way. */
export function spansOf({ summary, children }: CallDetail): ISpan[] {
  const { timing } = summary;
  if (timing === null) {
    return [];
  }
  const first = timing.first_token ?? null;
  const own = Math.min(timing.overhead ?? 0, timing.total);
  // The gateway works before, between and after: its parts are drawn as one, where the provider has ended.
  const ended = timing.total - own;
  const answer: ISpan[] =
    first === null
      ? span('upstream', 0, Math.min(timing.upstream ?? 0, ended))
      : [
          ...span('first-token', 0, Math.min(first, ended)),
          ...span('streaming', first, Math.max(0, ended - first))
        ];
  const origin = new Date(summary.started_at).getTime();
  const nested = children.flatMap(child => {
    const start = Math.max(0, new Date(child.started_at).getTime() - origin);
    const model = child.model ?? child.requested_model;
    return span('child', start, child.timing?.total ?? 0, model);
  });
  return [...answer, ...nested, ...span('overhead', ended, own)];
}

/** The end of the last span: the length of the whole picture. */
export function extentOf(spans: readonly ISpan[]): number {
  return Math.max(0, ...spans.map(({ start, length }) => start + length));
}

function span(kind: ISpan['kind'], start: number, length: number, model = ''): ISpan[] {
  return length > 0 ? [{ kind, model, start, length }] : [];
}
