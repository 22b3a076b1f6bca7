/**
 * What a kernel sends of an answer, and what stands in a saved notebook.
 *
 * A notebook may come from anybody, so every field is checked here; what has the wrong type is left out.
 */
import type { JSONValue, PartialJSONValue, ReadonlyPartialJSONValue } from '@lumino/coreutils';

export const ANSWER_MIME = 'application/vnd.jupyter-mesh.answer+json';

export type AnswerState = 'streaming' | 'done' | 'error' | 'stopped';
export type AnswerFormat = 'markdown' | 'text' | 'code' | 'json';

export interface INotice {
  code: string;
  message: string;
}

export interface ITokens {
  input: number;
  output: number;
  cacheRead: number;
  reasoning: number;
  /** True when the provider reported nothing and the gateway counted. */
  estimated: boolean;
}

/** Either all text so far, or what follows after the first `offset` code points of it. */
export type TextUpdate = { whole: string } | { offset: number; append: string };

export interface IAnswer {
  id: string;
  state: AnswerState;
  format: AnswerFormat;
  update: TextUpdate;
  model: string | null;
  requestedModel: string | null;
  requestId: string | null;
  usage: ITokens | null;
  /** A decimal string in US dollars. */
  cost: string | null;
  unpriced: boolean;
  elapsedMs: number | null;
  firstTokenMs: number | null;
  tokensPerSecond: number | null;
  cache: string | null;
  notices: INotice[];
  finishReason: string | null;
  reasoning: string;
  data: JSONValue | undefined;
  error: INotice | null;
}

/** The same prompt answered by several models, shown side by side. */
export interface IComparison {
  id: string;
  answers: IAnswer[];
}

type Fields = { readonly [key: string]: PartialJSONValue | ReadonlyPartialJSONValue | undefined };

const STATES: readonly string[] = ['streaming', 'done', 'error', 'stopped'];
const FORMATS: readonly string[] = ['markdown', 'text', 'code', 'json'];

function fields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

function notice(value: unknown): INotice | null {
  const raw = fields(value);
  const message = text(raw?.message);
  return message === null ? null : { code: text(raw?.code) ?? '', message };
}

function tokens(value: unknown): ITokens | null {
  const raw = fields(value);
  const input = number(raw?.input);
  const output = number(raw?.output);
  if (raw === null || input === null || output === null) {
    return null;
  }
  return {
    input,
    output,
    cacheRead: number(raw.cache_read) ?? 0,
    reasoning: number(raw.reasoning) ?? 0,
    estimated: raw.estimated === true
  };
}

function update(raw: Fields): TextUpdate {
  const append = text(raw.append);
  const offset = number(raw.offset);
  return append !== null && offset !== null ? { offset, append } : { whole: text(raw.text) ?? '' };
}

function list<T>(value: unknown, parse: (item: unknown) => T | null): T[] {
  return Array.isArray(value) ? value.map(parse).filter(item => item !== null) : [];
}

/** One answer, or null when the value is none. */
export function parseAnswer(value: unknown): IAnswer | null {
  const raw = fields(value);
  const id = text(raw?.id);
  const state = text(raw?.state);
  if (raw === null || id === null || state === null || !STATES.includes(state)) {
    return null;
  }
  const format = text(raw.format);
  return {
    id,
    state: state as AnswerState,
    format: format !== null && FORMATS.includes(format) ? (format as AnswerFormat) : 'markdown',
    update: update(raw),
    model: text(raw.model),
    requestedModel: text(raw.requested_model),
    requestId: text(raw.request_id),
    usage: tokens(raw.usage),
    cost: text(raw.cost_usd),
    unpriced: raw.unpriced === true,
    elapsedMs: number(raw.elapsed_ms),
    firstTokenMs: number(raw.first_token_ms),
    tokensPerSecond: number(raw.tokens_per_second),
    cache: text(raw.cache),
    notices: list(raw.notices, notice),
    finishReason: text(raw.finish_reason),
    reasoning: text(raw.reasoning) ?? '',
    data: raw.data as JSONValue | undefined,
    error: notice(raw.error)
  };
}

/** What the MIME bundle holds: one answer, several to compare, or null when it is neither. */
export function parseBundle(value: unknown): IAnswer | IComparison | null {
  const raw = fields(value);
  const id = text(raw?.id);
  if (raw !== null && id !== null && Array.isArray(raw.compare)) {
    return { id, answers: list(raw.compare, parseAnswer) };
  }
  return parseAnswer(value);
}

/** Every single answer in a bundle. */
export function answersOf(bundle: IAnswer | IComparison): readonly IAnswer[] {
  return 'answers' in bundle ? bundle.answers : [bundle];
}
