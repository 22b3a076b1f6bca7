/** Prompts about an error that stands in a notebook. */

/** One error output and the code above it. */
export interface IFailure {
  code: string;
  name: string;
  value: string;
  traceback: readonly string[];
}

export type Help = 'explain' | 'fix';

/** Colours of a terminal; in a prompt they are noise. */
// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-9;]*m/g;
/** The end of a traceback says most. Characters. */
const LONGEST = 6000;

/**
 * The cell that asks for help.
 *
 * `%llm fix` knows the kernel's latest error by itself; an older one is put into the prompt.
 */
export function helpCell(help: Help, failure: IFailure, isLatest: boolean): string {
  if (isLatest) {
    return `%llm ${help}`;
  }
  const asked =
    help === 'fix'
      ? 'Correct this Python code so that the error does not occur. Say in one sentence what was wrong.'
      : 'Explain this error in this Python code, and what to do about it.';
  const fence = fenceFor(failure.code);
  const trace = traceOf(failure);
  const traceFence = fenceFor(trace);
  return [
    '%%llm --no-interpolate',
    asked,
    '',
    `${fence}python`,
    failure.code.trimEnd(),
    fence,
    '',
    traceFence,
    trace,
    traceFence
  ].join('\n');
}

function traceOf({ name, value, traceback }: IFailure): string {
  const text = traceback.join('\n').replace(ANSI, '').trim() || `${name}: ${value}`;
  return text.length > LONGEST ? `…${text.slice(-LONGEST)}` : text;
}

/** A fence longer than any in the text. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(run => run.length));
  return '`'.repeat(longest + 1);
}
