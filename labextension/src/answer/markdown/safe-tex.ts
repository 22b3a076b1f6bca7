/**
 * Which TeX may be typeset.
 *
 * JupyterLab's typesetter knows commands that make links, set classes, styles and ids, react to clicks, load packages,
 * or define commands for every formula of the page. A formula with one of those is shown as its source.
 */

/** Commands of MathJax 3 and 4 and of KaTeX, by what they can do. */
const REFUSED = new Set([
  // links, attributes, styles, ids
  ...['href', 'url', 'class', 'style', 'cssId', 'data', 'mmlToken', 'bbox', 'unicode'],
  ...['label', 'ref', 'eqref', 'cite'],
  // HTML and pictures
  ...['includegraphics', 'graphicspath', 'html', 'texthtml'],
  // actions
  ...['toggle', 'mathtip', 'texttip'],
  // packages and settings
  ...['require', 'setOptions', 'mathtoolsset', 'usetagform', 'global', 'long', 'outer'],
  // definitions, which would outlive the formula
  ...['let', 'futurelet', 'csname', 'definecolor', 'endgroup', 'catcode']
]);

/** Families of the same: `\newcommand`, `\gdef`, `\htmlStyle`, `\DeclareMathOperator`, … */
const REFUSED_FAMILY =
  /^(?:re)?new(?:command|environment|tagform|cases|column)|^(?:provide|Declare|html|begingroup)|def$/;

/** Longer formulas are shown as source; none in earnest is. */
const LONGEST = 8_000;

/** Control words and control symbols in order, without their backslash. */
function commands(tex: string): string[] {
  return Array.from(tex.matchAll(/\\([a-zA-Z@]+|[^])/g), found => found[1]);
}

/** What keeps a formula from being typeset, or null. Delimiters inside it would end it early. */
export function refusedCommand(tex: string): string | null {
  if (tex.length > LONGEST) {
    return '…';
  }
  const refused = commands(tex).find(
    name => REFUSED.has(name) || REFUSED_FAMILY.test(name) || /^[()[\]]$/.test(name)
  );
  return refused === undefined ? null : `\\${refused}`;
}
