/** Which models a group's list opens. Names and globs, as the gateway reads them. */

/** Why a model is open to a group: named in its list, covered by a pattern of it, or not at all. */
export type Coverage = { kind: 'named' } | { kind: 'glob'; glob: string } | { kind: 'closed' };

const compiled = new Map<string, RegExp>();

export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whether a name fits a glob: `*` any characters, slashes too; `?` one; `[ab]`, `[!ab]` a choice. */
export function fits(name: string, glob: string): boolean {
  let pattern = compiled.get(glob);
  if (pattern === undefined) {
    pattern = new RegExp(`^${sourceOf(glob)}$`, 's');
    compiled.set(glob, pattern);
  }
  return pattern.test(name);
}

export function coverage(allow: readonly string[], model: string): Coverage {
  if (allow.includes(model)) {
    return { kind: 'named' };
  }
  const glob = allow.find(entry => fits(model, entry));
  return glob === undefined ? { kind: 'closed' } : { kind: 'glob', glob };
}

/** Whether a list holds an alias and none of the models behind it: an alias opens no model by itself. */
export function isInVain(
  allow: readonly string[],
  alias: string,
  targets: readonly string[]
): boolean {
  const isOpen = (name: string): boolean => coverage(allow, name).kind !== 'closed';
  return targets.length > 0 && isOpen(alias) && !targets.some(isOpen);
}

export function withModel(allow: readonly string[], model: string): string[] {
  return allow.includes(model) ? [...allow] : [...allow, model];
}

export function withoutModel(allow: readonly string[], model: string): string[] {
  return allow.filter(entry => entry !== model);
}

/** The list with a pattern replaced by the names it covers now, but for one. */
export function spelledOut(
  allow: readonly string[],
  glob: string,
  models: readonly string[],
  except: string
): string[] {
  const names = models.filter(model => fits(model, glob) && model !== except);
  const rest = allow.filter(entry => entry !== glob && entry !== except);
  return [...new Set([...rest, ...names])];
}

function sourceOf(glob: string): string {
  let source = '';
  for (let at = 0; at < glob.length; at += 1) {
    const sign = glob[at] ?? '';
    const end = sign === '[' ? closing(glob, at) : -1;
    if (end > 0) {
      source += choiceOf(glob.slice(at + 1, end));
      at = end;
    } else {
      source += sign === '*' ? '.*' : sign === '?' ? '.' : escaped(sign);
    }
  }
  return source;
}

/** Where a choice ends; a `]` that comes first belongs to it. */
function closing(glob: string, at: number): number {
  const first = glob[at + 1] === '!' ? at + 2 : at + 1;
  return glob.indexOf(']', first + 1);
}

function choiceOf(inside: string): string {
  const isNegated = inside.startsWith('!');
  const signs = (isNegated ? inside.slice(1) : inside).replace(/[\\\]^[]/g, '\\$&');
  return `[${isNegated ? '^' : ''}${signs}]`;
}

function escaped(sign: string): string {
  return sign.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
