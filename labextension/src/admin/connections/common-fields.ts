import { type TranslationBundle } from '@jupyterlab/translation';

import { residencyName } from '../../catalogue/words';
import { type IField, type Input } from '../form/fields';

/** What can be said of every connection, whatever its provider. */
export function commonFields(isLocal: boolean, trans: TranslationBundle): IField[] {
  const field = (
    name: string,
    title: string,
    description: string,
    input: Input,
    fallback?: IField['fallback']
  ): IField => ({ name, title, description, input, fallback, required: false });
  const usual = residencyName(isLocal ? 'local' : 'external', trans);
  return [
    field(
      'enabled',
      trans.__('In use'),
      trans.__('Off: its models are offered to nobody, and its key is not used.'),
      { kind: 'flag' },
      true
    ),
    field('residency', trans.__('Where text goes'), '', {
      kind: 'choice',
      options: [
        { value: null, label: trans.__('as the provider says: %1', usual) },
        { value: 'local', label: trans.__('local: it stays on machines of the mesh') },
        { value: 'region', label: trans.__('region: to a provider in your region') },
        { value: 'external', label: trans.__('external: to an outside provider') }
      ]
    }),
    field(
      'trains_on_requests',
      trans.__('Trains on requests'),
      trans.__('Whether the vendor’s terms let it learn from what is sent. Shown in the picker.'),
      {
        kind: 'choice',
        options: [
          { value: null, label: trans.__('not known') },
          { value: false, label: trans.__('no') },
          { value: true, label: trans.__('yes') }
        ]
      }
    ),
    field(
      'retains_requests',
      trans.__('Keeps requests for'),
      trans.__('Such as 30d; empty where nobody has said. Shown in the picker.'),
      { kind: 'text' }
    ),
    field(
      'terms_checked',
      trans.__('As of'),
      trans.__('The day on which somebody looked that both are so, such as 2026-11-01.'),
      { kind: 'text' }
    ),
    field(
      'terms_source',
      trans.__('According to'),
      trans.__('Where the vendor says so, such as the address of its terms.'),
      { kind: 'text' }
    ),
    field(
      'send_trace',
      trans.__('Told of traces'),
      trans.__('Whether requests carry a `traceparent`, while the mesh makes traces.'),
      {
        kind: 'choice',
        options: [
          { value: null, label: trans.__('unless it is external') },
          { value: true, label: trans.__('yes') },
          { value: false, label: trans.__('no') }
        ]
      }
    ),
    field(
      'timeout',
      trans.__('Longest wait for an answer'),
      trans.__('Until its first word, such as 60s.'),
      { kind: 'duration' },
      '2m'
    ),
    field(
      'idle_timeout',
      trans.__('Longest pause in an answer'),
      trans.__('Between two pieces of a stream.'),
      { kind: 'duration' },
      '1m'
    ),
    field(
      'retries',
      trans.__('Retries'),
      trans.__('Before the first word only.'),
      { kind: 'number', integer: true, minimum: 0, maximum: 10 },
      2
    ),
    field(
      'parallel',
      trans.__('Calls at once'),
      trans.__('Further calls wait.'),
      { kind: 'number', integer: true, minimum: 1 },
      64
    )
  ];
}
