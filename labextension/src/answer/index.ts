/** Answers of models on screen: the renderer of `application/vnd.jupyter-mesh.answer+json`. */
import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ILatexTypesetter, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IMeshModel } from '../model/token';
import { AnswerRenderer } from './answer-renderer';
import { ANSWER_MIME } from './bundle';
import { CodeColours } from './markdown/highlight-codes';
import { LabHost } from './lab-host';
import { StreamedTexts } from './streamed-texts';
import { Formulas } from './markdown/typeset-formulas';
import { keepWholeTexts } from './whole-texts';

/** Before Markdown, HTML and plain text. */
const RANK = 20;

export const answerPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:answer',
  description: 'Shows what models answered, without running or loading anything of it.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator, INotebookTracker, IEditorLanguageRegistry, ILatexTypesetter, IMeshModel],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    tracker: INotebookTracker | null,
    languages: IEditorLanguageRegistry | null,
    typesetter: ILatexTypesetter | null,
    model: IMeshModel | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_mesh');
    const texts = new StreamedTexts();
    const parts = {
      commands: app.commands,
      trans,
      tracker,
      model,
      formulas: typesetter && new Formulas(typesetter, trans),
      colours: languages && new CodeColours(languages)
    };
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [ANSWER_MIME],
        createRenderer: () => new AnswerRenderer(texts, renderer => new LabHost(parts, renderer))
      },
      RANK
    );
    if (tracker !== null) {
      keepWholeTexts(tracker, texts);
    }
  }
};
