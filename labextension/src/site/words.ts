import { type TranslationBundle } from '@jupyterlab/translation';

/** Puts what belongs there in the place of `%1`, `%2`, … and `%` in that of `%%`, as JupyterLab's own bundles do. */
function filled(text: string, values: readonly unknown[]): string {
  return text.replace(/%(%|\d+)/g, (_mark, number: string) =>
    number === '%' ? '%' : String(values[Number(number) - 1])
  );
}

const one = (text: string, ...values: unknown[]): string => filled(text, values);
const some = (text: string, plural: string, count: number, ...values: unknown[]): string =>
  filled(count === 1 ? text : plural, [count, ...values]);

/** The pages' own words, untranslated: language packs are JupyterLab's, and the site stands without it. */
export const PLAIN_WORDS: TranslationBundle = {
  __: one,
  _n: some,
  _p: (_context, text, ...values) => one(text, ...(values as unknown[])),
  _np: (_context, text, plural, count, ...values) =>
    some(text, plural, count, ...(values as unknown[])),
  gettext: one,
  ngettext: some,
  pgettext: (_context, text, ...values) => one(text, ...(values as unknown[])),
  npgettext: (_context, text, plural, count, ...values) =>
    some(text, plural, count, ...(values as unknown[])),
  dcnpgettext: (_domain, _context, text, plural, count, ...values) =>
    some(text, plural, count, ...(values as unknown[]))
};
