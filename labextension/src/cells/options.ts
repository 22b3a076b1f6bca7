/** The options of `%%llm` and the subcommands of `%llm`, for colouring and completion. The kernel holds the real ones. */
import { type TranslationBundle } from '@jupyterlab/translation';

/** What follows an option; `none` for a switch. */
export type OptionValue = 'none' | 'text' | 'model' | 'models' | 'format' | 'name';

export interface IOption {
  names: readonly string[];
  value: OptionValue;
  /** Which magics take it. */
  magics: readonly ('llm' | 'rag')[];
}

const BOTH = ['llm', 'rag'] as const;

/** Options and what follows them, in the order in which help lists them. */
export const OPTIONS: readonly IOption[] = [
  { names: ['-s', '--system'], value: 'name', magics: BOTH },
  { names: ['-t', '--temperature'], value: 'text', magics: BOTH },
  { names: ['--max-tokens'], value: 'text', magics: BOTH },
  { names: ['-p', '--param'], value: 'text', magics: BOTH },
  { names: ['-f', '--format'], value: 'format', magics: BOTH },
  { names: ['--schema'], value: 'name', magics: BOTH },
  { names: ['-o', '--out'], value: 'name', magics: BOTH },
  { names: ['--image'], value: 'name', magics: BOTH },
  { names: ['--thread'], value: 'text', magics: BOTH },
  { names: ['--new'], value: 'none', magics: BOTH },
  { names: ['--history'], value: 'text', magics: BOTH },
  { names: ['--compare'], value: 'models', magics: BOTH },
  { names: ['-k'], value: 'text', magics: ['rag'] },
  { names: ['--filter'], value: 'text', magics: ['rag'] },
  { names: ['--min-score'], value: 'text', magics: ['rag'] },
  { names: ['--strict'], value: 'none', magics: ['rag'] },
  { names: ['--max-cost'], value: 'text', magics: BOTH },
  { names: ['--dry-run'], value: 'none', magics: BOTH },
  { names: ['--purpose'], value: 'text', magics: BOTH },
  { names: ['--tag'], value: 'text', magics: BOTH },
  { names: ['--no-cache'], value: 'none', magics: BOTH },
  { names: ['--no-stream'], value: 'none', magics: BOTH },
  { names: ['--no-interpolate'], value: 'none', magics: BOTH }
];

export const FORMATS: readonly string[] = ['markdown', 'text', 'code', 'json'];

/** Subcommands of the line magics; those with `model` take a model next. */
export const SUBCOMMANDS: Readonly<
  Record<'llm' | 'rag', readonly { name: string; model?: true }[]>
> = {
  llm: [
    { name: 'list' },
    { name: 'use', model: true },
    { name: 'cost' },
    { name: 'budget' },
    { name: 'history' },
    { name: 'reset' },
    { name: 'last' },
    { name: 'fix', model: true },
    { name: 'explain', model: true },
    { name: 'alias' },
    { name: 'version' },
    { name: 'help' }
  ],
  rag: [
    { name: 'build' },
    { name: 'list' },
    { name: 'status' },
    { name: 'search' },
    { name: 'update' },
    { name: 'drop' },
    { name: 'widget' }
  ]
};

/** The option of that name, or undefined. */
export function findOption(magic: 'llm' | 'rag', name: string): IOption | undefined {
  return OPTIONS.find(option => option.magics.includes(magic) && option.names.includes(name));
}

/** What an option does, in a few words. */
export function optionHelp(option: IOption, trans: TranslationBundle): string {
  const help: Record<string, string> = {
    '--system': trans.__('system prompt: a text, or the name of a variable'),
    '--temperature': trans.__('0 is steady, higher is freer'),
    '--max-tokens': trans.__('longest answer in tokens'),
    '--param': trans.__('K=V: any other parameter of the model'),
    '--format': trans.__('markdown, text, code or json'),
    '--schema': trans.__('a pydantic class or JSON schema: the answer is validated into it'),
    '--out': trans.__('the answer into a variable'),
    '--image': trans.__('an image to send along: a variable or a path'),
    '--thread': trans.__('name of the conversation'),
    '--new': trans.__('begin the conversation anew'),
    '--history': trans.__('how many exchanges to remember, or off'),
    '--compare': trans.__('the same prompt to several models: A,B,…'),
    '-k': trans.__('how many passages to retrieve'),
    '--filter': trans.__('K=V: only passages with this metadata'),
    '--min-score': trans.__('only passages at least this near'),
    '--strict': trans.__('answer only from the sources'),
    '--max-cost': trans.__('refuse a call that may cost more, in USD'),
    '--dry-run': trans.__('show what would be sent and cost; send nothing'),
    '--purpose': trans.__('what the call is for'),
    '--tag': trans.__('K=V: recorded with the call'),
    '--no-cache': trans.__('ask anew even if the answer is known'),
    '--no-stream': trans.__('show the answer when it is complete'),
    '--no-interpolate': trans.__('leave {{…}} as it is')
  };
  return help[option.names.at(-1) ?? ''] ?? '';
}
