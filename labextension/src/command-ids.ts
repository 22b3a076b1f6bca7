/** Every command of the mesh, by what it does. */
export const CommandIDs = {
  askInNewNotebook: 'jupyter-mesh:ask-in-new-notebook',
  chooseModel: 'jupyter-mesh:choose-model',
  choosePurpose: 'jupyter-mesh:choose-purpose',
  compare: 'jupyter-mesh:compare-models',
  explainError: 'jupyter-mesh:explain-error',
  fixError: 'jupyter-mesh:fix-error',
  insertPrompt: 'jupyter-mesh:insert-prompt-cell',
  openAdmin: 'jupyter-mesh:open-admin',
  openCall: 'jupyter-mesh:open-call',
  openLastCall: 'jupyter-mesh:open-last-call',
  openLinkedAdmin: 'jupyter-mesh:open-linked-admin',
  openSettings: 'jupyter-mesh:open-settings',
  refresh: 'jupyter-mesh:refresh',
  restoreAdmin: 'jupyter-mesh:restore-admin',
  showSidebar: 'jupyter-mesh:show-sidebar',
  starModel: 'jupyter-mesh:star-model',
  stop: 'jupyter-mesh:stop',
  useDefaultModel: 'jupyter-mesh:use-default-model'
} as const;
