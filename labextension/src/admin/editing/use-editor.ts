import { useEffect, useState } from 'react';

import { type Body, type Kind, type Setting } from '../../api/admin-types';
import { useSignal } from '../../ui/surroundings';
import { useAdmin } from '../context';
import { Editor, type IForm } from './editor';

/** An editor that lives as long as its form is on the screen, and is not left unsaved without a word. */
export function useEditor<S>(
  kind: Kind,
  origin: Setting | null,
  form: IForm<S>,
  start?: Body
): Editor<S> {
  const { store, place } = useAdmin();
  const [editor] = useState(() => new Editor(store, kind, origin, form, start));
  useSignal(editor.changed);
  useEffect(() => place.hold(() => editor.isDirty), [place, editor]);
  return editor;
}
