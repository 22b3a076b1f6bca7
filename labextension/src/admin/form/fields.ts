/** What a form asks for. */
import { type Json } from '../../api/admin-types';

export interface IOption {
  value: Json;
  label: string;
}

/** What a field takes. `kept` is what no input exists for: it stays as it is. */
export type Input =
  | { kind: 'text' }
  | { kind: 'number'; integer: boolean; minimum?: number; above?: number; maximum?: number }
  | { kind: 'duration' }
  /** A day and a time, in the zone of who types. */
  | { kind: 'moment' }
  | { kind: 'flag' }
  | { kind: 'choice'; options: readonly IOption[] }
  | { kind: 'lines' }
  /** Any of a few. */
  | { kind: 'ticks'; options: readonly string[]; labels?: Readonly<Record<string, string>> }
  | { kind: 'map'; secret: boolean; holds?: MapValues; names?: readonly string[] }
  | { kind: 'secret' }
  /** What has a shape of its own, written as JSON. */
  | { kind: 'json' }
  | { kind: 'kept' };

/** What the values of a map are, where that is not any text: one of a few, or numbers. */
export type MapValues = { options: readonly string[] } | 'numbers';

export interface IField {
  name: string;
  title: string;
  description: string;
  required: boolean;
  /** Right as it is, nearly always. */
  isRare?: boolean;
  /** What holds where nothing is written. */
  fallback: Json | undefined;
  input: Input;
}
