import { type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';

import { IMeshSettings } from '../settings/token';
import { proseExtension } from './prose-extension';

/** Shows the text of `%%llm` and `%%rag` cells as prose. */
export const prosePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mesh:prose',
  description: 'Colours prompts as prose.',
  autoStart: true,
  requires: [IEditorExtensionRegistry, IMeshSettings],
  activate: (
    _app: JupyterFrontEnd,
    registry: IEditorExtensionRegistry,
    settings: IMeshSettings
  ): void => {
    registry.addExtension({
      name: prosePlugin.id,
      factory: () => EditorExtensionRegistry.createImmutableExtension(proseExtension(settings))
    });
  }
};
