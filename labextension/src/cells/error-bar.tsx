import { type CodeCell } from '@jupyterlab/cells';
import { isError } from '@jupyterlab/nbformat';
import { type NotebookPanel } from '@jupyterlab/notebook';
import React from 'react';

import { readChoice } from '../notebook/choice';
import { insertAndRun } from '../notebook/insert';
import { useResource, useSignal, useSurroundings } from '../ui/surroundings';
import { type Help, helpCell, type IFailure } from './error-prompt';

/** The error a cell ended with, or null. */
export function failureOf(cell: CodeCell): IFailure | null {
  const { outputs, sharedModel } = cell.model;
  for (let index = outputs.length - 1; index >= 0; index -= 1) {
    const output = outputs.get(index).toJSON();
    if (isError(output)) {
      const { ename: name, evalue: value, traceback } = output;
      return { code: sharedModel.getSource(), name, value, traceback };
    }
  }
  return null;
}

/** Ask the model about the error of a cell, in a new cell below it. */
export async function askAbout(
  panel: NotebookPanel,
  cell: CodeCell,
  help: Help,
  isLatest: boolean
): Promise<void> {
  const failure = failureOf(cell);
  const index = panel.content.widgets.indexOf(cell);
  if (failure !== null && index >= 0) {
    panel.content.activeCellIndex = index;
    panel.content.deselectAll();
    await insertAndRun(panel, helpCell(help, failure, isLatest));
  }
}

/** “Explain” and “Fix” under an error. Nothing is sent before a click. */
export function ErrorBar(props: {
  panel: NotebookPanel;
  onAsk: (help: Help) => void;
}): React.JSX.Element | null {
  const { model, notebooks, settings, trans } = useSurroundings();
  useSignal(settings.changed);
  useSignal(notebooks.changed);
  useResource(model.catalogue);
  useResource(model.me);
  const notebook = props.panel.content.model;
  const name = (notebook && readChoice(notebook).model) ?? model.defaultModel;
  if (!settings.errorButtons || name === null) {
    return null;
  }
  return (
    <div className="jp-mesh-ErrorBar" role="group" aria-label={trans.__('Ask %1', name)}>
      <button type="button" className="jp-mesh-Button" onClick={() => props.onAsk('explain')}>
        {trans.__('Explain')}
      </button>
      <button type="button" className="jp-mesh-Button" onClick={() => props.onAsk('fix')}>
        {trans.__('Fix')}
      </button>
      <span className="jp-mesh-dim">{trans.__('with %1', name)}</span>
    </div>
  );
}
