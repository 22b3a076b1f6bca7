/** What a cell's text says about models. */

const CELL_MAGIC = /^\s*%%(llm|rag)(?=\s|$)/;
const ANY_MAGIC = /^[ \t]*(?:[\w, ()[\].]+=[ \t]*)?%{1,2}(?:llm|rag)(?=\s|$)/m;

/** True for a cell whose first line is `%%llm …` or `%%rag …`: its text is prose. */
export function isPromptCell(source: string): boolean {
  return CELL_MAGIC.test(source);
}

/** True for a cell that brings the client into the kernel: its calls belong to the notebook as well. */
export function usesClient(source: string): boolean {
  return /\bjupyter_mesh\b/.test(source);
}

/** True for a cell in which some line asks a model: `%%llm`, `%%rag`, `%llm`, also behind `%%time` or `x =`. */
export function asksModel(source: string): boolean {
  return ANY_MAGIC.test(source);
}
