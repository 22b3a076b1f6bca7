/**
 * A notebook saved while an answer is being written holds the text so far.
 *
 * What JupyterLab would save is the kernel's last message, which often says only what was added.
 */
import { type ICodeCellModel, isCodeCellModel } from '@jupyterlab/cells';
import { type INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { type JSONObject, type ReadonlyPartialJSONValue } from '@lumino/coreutils';

import { ANSWER_MIME } from './bundle';
import { type StreamedTexts } from './streamed-texts';

export function keepWholeTexts(tracker: INotebookTracker, texts: StreamedTexts): void {
  tracker.widgetAdded.connect((_, panel) => {
    panel.context.saveState.connect((_, state) => {
      if (state === 'started' && texts.any) {
        completeOutputs(panel, texts);
      }
    });
  });
}

function completeOutputs(panel: NotebookPanel, texts: StreamedTexts): void {
  for (const cell of panel.content.model?.cells ?? []) {
    if (isCodeCellModel(cell)) {
      completeCell(cell, texts);
    }
  }
}

function completeCell({ outputs }: ICodeCellModel, texts: StreamedTexts): void {
  for (let index = 0; index < outputs.length; index += 1) {
    const output = outputs.get(index);
    const { data } = output;
    const whole = completed(data[ANSWER_MIME], texts);
    if (whole !== null) {
      output.setData({ data: { ...data, [ANSWER_MIME]: whole, 'text/plain': plain(whole) } });
    }
  }
}

/** The bundle with text in the place of what was added, or null where there is nothing to complete. */
export function completed(
  value: ReadonlyPartialJSONValue | undefined,
  texts: StreamedTexts
): JSONObject | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return null;
  }
  const bundle = value as JSONObject;
  if (Array.isArray(bundle.compare)) {
    const answers = bundle.compare.map(answer => completed(answer, texts) ?? answer);
    return { ...bundle, compare: answers };
  }
  const text = typeof bundle.id === 'string' ? texts.textOf(bundle.id) : undefined;
  if (bundle.append === undefined || text === undefined) {
    return null;
  }
  const whole: JSONObject = { ...bundle, text };
  delete whole.offset;
  delete whole.append;
  return whole;
}

function plain(bundle: JSONObject): string {
  const answers = Array.isArray(bundle.compare) ? (bundle.compare as JSONObject[]) : [bundle];
  return answers.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n\n');
}
