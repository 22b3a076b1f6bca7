import { type ISignal, Signal } from '@lumino/signaling';

export const PAGES = [
  'catalogue',
  'connections',
  'models',
  'guards',
  'budgets',
  'usage',
  'performance',
  'audit',
  'alerts',
  'inventory',
  'keys',
  'accounts',
  'general',
  'changes'
] as const;
export type Page = (typeof PAGES)[number];

/** For those who set the rules. The catalogue is beside them in JupyterLab's sidebar. */
export const ADMIN_PAGES: readonly Page[] = PAGES.filter(page => page !== 'catalogue');
/** For everybody: of their own, wherever it is somebody's. */
export const OWN_PAGES: readonly Page[] = ['catalogue', 'usage', 'audit', 'keys'];

/**
 * What is open: a page, and on it one object by kind and name. `name` is empty for one to be made.
 *
 * `view` is how the page shows it (a time, an order, filters), as the page itself reads it.
 */
export interface ISpot {
  page: Page;
  open?: { kind: string; name: string };
  view?: View;
}

export type View = Readonly<Record<string, string>>;

/** A spot as a link or a command's arguments name it; whatever is wrong in it is left out. */
export function spotOf(args: Record<string, unknown>): ISpot {
  const page = PAGES.find(one => one === args['page']) ?? 'connections';
  const { kind, name, view } = args;
  return {
    page,
    ...(typeof kind === 'string' && typeof name === 'string' && { open: { kind, name } }),
    ...(typeof view === 'string' &&
      view !== '' && { view: Object.fromEntries(new URLSearchParams(view)) })
  };
}

/** The arguments that lead to a spot. */
export function argsOf({ page, open, view }: ISpot): Record<string, string> {
  const shown = new URLSearchParams(view).toString();
  return { page, ...open, ...(shown !== '' && { view: shown }) };
}

/** A spot as the part of an address after `#`: pages can be linked to, and the browser's Back works. */
export function hashOf(spot: ISpot): string {
  return `#${new URLSearchParams(argsOf(spot)).toString()}`;
}

/** Where in the pages one is. Whoever holds unsaved text is asked before it is left. */
export class Place {
  constructor(private _spot: ISpot = { page: 'connections' }) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get spot(): ISpot {
    return this._spot;
  }

  /** Where one wanted to go while there was unsaved text; null when nothing is to be decided. */
  get wanted(): ISpot | null {
    return this._wanted;
  }

  /** Whether something was typed here and is not saved. */
  get isUnsaved(): boolean {
    return [...this._holds].some(hasUnsaved => hasUnsaved());
  }

  go(spot: ISpot): void {
    if (this.isUnsaved) {
      this._wanted = spot;
    } else {
      this._wanted = null;
      this._spot = spot;
    }
    this._changed.emit();
  }

  /** Leave although there is unsaved text. */
  leave(): void {
    if (this._wanted !== null) {
      this._spot = this._wanted;
      this._wanted = null;
      this._changed.emit();
    }
  }

  stay(): void {
    this._wanted = null;
    this._changed.emit();
  }

  /** Be asked before this spot is left; returns what ends it. */
  hold(hasUnsaved: () => boolean): () => void {
    this._holds.add(hasUnsaved);
    return () => {
      this._holds.delete(hasUnsaved);
    };
  }

  private readonly _holds = new Set<() => boolean>();
  private _wanted: ISpot | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
