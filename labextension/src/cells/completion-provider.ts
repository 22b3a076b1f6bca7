import {
  type CompletionHandler,
  type ICompletionContext,
  type ICompletionProvider
} from '@jupyterlab/completer';
import { Text } from '@jupyterlab/coreutils';
import { type TranslationBundle } from '@jupyterlab/translation';

import { type ModelCard } from '../api/types';
import { answersPrompts } from '../catalogue/prompts';
import { spokenModel } from '../catalogue/words';
import { type IMeshModel } from '../model/token';
import { asksModel } from '../notebook/cell-source';
import { type Completion, completionAt } from './completion';
import { optionHelp } from './options';

type Items = CompletionHandler.ICompletionItem[];

/** Completes models, options and `{{variables}}` where a cell asks a model. */
export class MeshCompletions implements ICompletionProvider {
  constructor(
    private readonly model: IMeshModel,
    private readonly trans: TranslationBundle
  ) {}

  readonly identifier = 'jupyter-mesh:completions';
  /** Before what the kernel and the words of the notebook offer. */
  readonly rank = 1100;

  isApplicable({ editor }: ICompletionContext): Promise<boolean> {
    return Promise.resolve(asksModel(editor?.model.sharedModel.getSource() ?? ''));
  }

  async fetch(
    { text, offset }: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    // Requests and replies count code points, editors count UTF-16 units.
    const cursor = Text.charIndexToJsIndex(offset, text);
    const found = completionAt(text, cursor);
    if (found === null) {
      return { start: offset, end: offset, items: [] };
    }
    const start = Text.jsIndexToCharIndex(found.from, text);
    return { start, end: offset, items: await this.items(found, context) };
  }

  private async items(found: Completion, context: ICompletionContext): Promise<Items> {
    switch (found.kind) {
      case 'model':
        return startingWith(found.prefix, this.models());
      case 'option':
        return startingWith(found.prefix, this.options(found));
      case 'word':
        return startingWith(
          found.prefix,
          found.words.map(label => ({ label, type: 'keyword' }))
        );
      case 'variable':
        return this.variables(found, context);
    }
  }

  private models(): Items {
    return (this.model.catalogue.value?.models ?? []).filter(answersPrompts).map(card => ({
      label: card.id,
      type: 'model',
      documentation: this.modelHelp(card)
    }));
  }

  private modelHelp(card: ModelCard): string {
    const facts = spokenModel(card, false, this.trans);
    return card.description === '' ? facts : `${card.description}\n\n${facts}`;
  }

  private options({ options }: Extract<Completion, { kind: 'option' }>): Items {
    return options.flatMap(option =>
      option.names.map(label => ({
        label,
        type: 'option',
        documentation: optionHelp(option, this.trans)
      }))
    );
  }

  /** What the kernel would complete if the expression stood alone; magics and private names are no variables. */
  private async variables(
    { expression, prefix }: Extract<Completion, { kind: 'variable' }>,
    { session }: ICompletionContext
  ): Promise<Items> {
    const reply = await session?.kernel?.requestComplete({
      code: expression,
      cursor_pos: Text.jsIndexToCharIndex(expression.length, expression)
    });
    if (reply?.content.status !== 'ok') {
      return [];
    }
    const { matches, cursor_start: start } = reply.content;
    // A reply may repeat what stands before the last name (`df.na` -> `df.name`): only the name is replaced here.
    const before = Array.from(expression).slice(start).join('');
    const repeated = before.slice(0, before.length - prefix.length);
    return matches
      .map(match => (match.startsWith(repeated) ? match.slice(repeated.length) : match))
      .filter(label => !label.startsWith('%') && (prefix !== '' || !label.startsWith('_')))
      .map(label => ({ label, type: 'instance' }));
  }
}

/** Those that begin with the prefix, else those that hold it: `gpt` finds `openai/gpt-5`. */
export function startingWith(prefix: string, items: Items): Items {
  const sought = prefix.toLowerCase();
  const begins = items.filter(({ label }) => label.toLowerCase().startsWith(sought));
  return begins.length > 0
    ? begins
    : items.filter(({ label }) => label.toLowerCase().includes(sought));
}
