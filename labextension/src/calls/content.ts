/**
 * What was sent and what came back, as plain text.
 *
 * A recorded body is what a caller and a provider made of it: nothing is taken for granted about its shape, and
 * nothing of it is ever rendered as markup.
 */

/** One passage of a conversation. `role` is empty for a bare prompt. */
export interface IPassage {
  role: string;
  text: string;
}

type Fields = Record<string, unknown>;

/** Fields of a request that hold its text; all others are parameters. */
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'messages',
  'prompt',
  'input',
  'query',
  'documents'
]);

/** The passages of a recorded request, whatever the operation. */
export function promptPassages(request: unknown): IPassage[] {
  const { messages, prompt, input, query, documents } = fieldsOf(request);
  return [
    ...listOf(messages).map(message => passageOf(fieldsOf(message))),
    ...[prompt, input, query].flatMap(bare),
    ...listOf(documents).flatMap(bare)
  ];
}

/** The passages of a recorded answer: `{"text"}` as the mesh keeps it, or OpenAI's `choices`. */
export function answerPassages(response: unknown): IPassage[] {
  const { text, choices } = fieldsOf(response);
  const chosen = listOf(choices).map(choice => {
    const { message, text: completed } = fieldsOf(choice);
    return message === undefined
      ? { role: '', text: plain(completed) }
      : passageOf(fieldsOf(message));
  });
  return [...bare(text), ...chosen].filter(passage => passage.text !== '');
}

/** Parameters beside the text, as name and plain value. */
export function parameters(request: unknown): [name: string, value: string][] {
  return Object.entries(fieldsOf(request))
    .filter(([name]) => !TEXT_FIELDS.has(name))
    .map(([name, value]) => [name, plain(value)]);
}

/** Any recorded value on one line or as indented text; never markup. */
export function plain(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (typeof value === 'string') {
    return value;
  }
  const isListOfWords = Array.isArray(value) && value.every(item => typeof item !== 'object');
  return isListOfWords ? value.join(', ') : JSON.stringify(value, null, 1);
}

function passageOf(message: Fields): IPassage {
  const { role, content, tool_calls: calls, name } = message;
  const speaker = [role, name].filter(part => typeof part === 'string').join(' ');
  const called = listOf(calls).map(call => {
    const { name: tool, arguments: args } = fieldsOf(fieldsOf(call)['function']);
    return `${plain(tool)}(${plain(args)})`;
  });
  return { role: speaker, text: [contentText(content), ...called].filter(Boolean).join('\n') };
}

/** Text of a message's content; parts that are no text are named, not shown. */
function contentText(content: unknown): string {
  if (!Array.isArray(content)) {
    return plain(content);
  }
  return content
    .map((part: unknown) => {
      const { type, text } = fieldsOf(part);
      return typeof text === 'string' ? text : `[${plain(type) || 'part'}]`;
    })
    .join('\n');
}

function bare(text: unknown): IPassage[] {
  if (text === undefined || text === null) {
    return [];
  }
  return listOf(Array.isArray(text) ? text : [text]).map(item => ({ role: '', text: plain(item) }));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
