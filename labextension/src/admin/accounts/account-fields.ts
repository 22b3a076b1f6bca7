import { type TranslationBundle } from '@jupyterlab/translation';

import { type IField } from '../form/fields';

/** What is written of a service account itself. */
export function fieldsOfAccount(trans: TranslationBundle): IField[] {
  const text = { required: false, fallback: undefined, input: { kind: 'text' } } as const;
  return [
    {
      ...text,
      name: 'owner',
      title: trans.__('Owner'),
      description: trans.__('The person who answers for it; sees its keys and can revoke them.')
    },
    { ...text, name: 'description', title: trans.__('What it does'), description: '' },
    {
      name: 'enabled',
      title: trans.__('Switched on'),
      description: trans.__('Off: none of its keys is good.'),
      required: false,
      fallback: true,
      input: { kind: 'flag' }
    }
  ];
}
