import { type TranslationBundle } from '@jupyterlab/translation';

import { type MeshRequestError } from '../../api/errors';

/** Why something was not saved, and that what was typed is still there. */
export function failureWords(error: MeshRequestError, trans: TranslationBundle): string {
  switch (error.trouble) {
    case 'offline':
      return trans.__('The gateway does not answer; nothing was changed. Try again.');
    case 'absent':
      return trans.__('This server runs without the mesh; nothing was changed.');
    case 'forbidden':
      return trans.__('You have no permission for this; nothing was changed. %1', error.message);
    case 'config':
    case 'unserved':
    case 'failed':
      return error.message;
  }
}
