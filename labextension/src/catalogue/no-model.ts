/** Whom to ask where no model is open. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Me } from '../api/types';

/** What to do: others are asked; an admin opens one, and reads here what name to open it to. */
export function noModelWords(me: Me | null, trans: TranslationBundle): string {
  return me?.scopes.includes('admin')
    ? trans.__(
        'Open one to “%1” (you) in the Mesh administration, under “Models and permissions”.',
        me.user
      )
    : trans.__(
        'Ask %1 to open one to you.',
        me?.admin_contact ?? trans.__('an admin of this mesh')
      );
}
