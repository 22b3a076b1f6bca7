/** The mark at the end of a text that is being written. */

const CARET = 'jp-mod-caret';
/** Elements in whose last line the text goes on. */
const FLOWING = new Set('DIV P H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE TABLE TBODY TR TD'.split(' '));

/** Put the mark behind the last word under `root`, or take it away. */
export function placeCaret(root: HTMLElement, wanted: boolean): void {
  const last = wanted ? lastFlowing(root) : null;
  for (const marked of Array.from(root.querySelectorAll(`.${CARET}`))) {
    if (marked !== last) {
      marked.classList.remove(CARET);
    }
  }
  last?.classList.add(CARET);
}

function lastFlowing(root: HTMLElement): Element | null {
  let last: Element = root;
  for (let next = lastWritten(last); next !== null && FLOWING.has(next.tagName);) {
    last = next;
    next = lastWritten(last);
  }
  return last === root ? null : last;
}

/** The last child; in a row of a table, whose other cells wait empty, the last one that is not. */
function lastWritten(parent: Element): Element | null {
  const cells = parent.tagName === 'TR' ? Array.from(parent.children) : [];
  return cells.filter(cell => cell.textContent !== '').at(-1) ?? parent.lastElementChild;
}
