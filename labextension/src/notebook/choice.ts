import { type INotebookModel } from '@jupyterlab/notebook';

const KEY = 'jupyter_mesh';

/** What a notebook says about its calls; null leaves it to the mesh. Kept in the notebook's metadata. */
export interface IChoice {
  model: string | null;
  purpose: string | null;
}

export const NO_CHOICE: IChoice = { model: null, purpose: null };

/** The choice in a notebook's metadata. The file is untrusted: what is not a string counts as absent. */
export function readChoice(notebook: Pick<INotebookModel, 'getMetadata'>): IChoice {
  const saved: unknown = notebook.getMetadata(KEY);
  if (typeof saved !== 'object' || saved === null) {
    return NO_CHOICE;
  }
  const { model, purpose } = saved as Record<string, unknown>;
  return { model: nonEmpty(model), purpose: nonEmpty(purpose) };
}

/** Save a choice; other keys an extension has put there stay. A notebook without a choice has no entry. */
export function writeChoice(
  notebook: Pick<INotebookModel, 'getMetadata' | 'setMetadata' | 'deleteMetadata'>,
  { model, purpose }: IChoice
): void {
  const saved: unknown = notebook.getMetadata(KEY);
  const rest: Record<string, unknown> =
    typeof saved === 'object' && saved !== null ? { ...saved } : {};
  delete rest['model'];
  delete rest['purpose'];
  const next = {
    ...rest,
    ...(model === null ? {} : { model }),
    ...(purpose === null ? {} : { purpose })
  };
  if (Object.keys(next).length === 0) {
    notebook.deleteMetadata(KEY);
  } else {
    notebook.setMetadata(KEY, next);
  }
}

function nonEmpty(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}
