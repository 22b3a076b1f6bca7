/** Colouring code with JupyterLab's own languages. */
import { type IEditorLanguage, type IEditorLanguageRegistry } from '@jupyterlab/codemirror';

import { codesIn } from './code-block';

/** Longer code stays uncoloured. */
const LONGEST = 60_000;
/** While code is still being written, colouring it again with each update is kept cheap. */
const LONGEST_WHILE_WRITTEN = 12_000;

/** Names that models use and JupyterLab does not know. */
const ALIASES: Readonly<Record<string, string>> = {
  py: 'python',
  python3: 'python',
  ipython: 'python',
  console: 'shell',
  'shell-session': 'shell',
  zsh: 'shell',
  jsonc: 'json',
  golang: 'go',
  dockerfile: 'dockerfile',
  'c#': 'csharp'
};

export class CodeColours {
  constructor(private readonly languages: IEditorLanguageRegistry) {}

  /** Colour the code under a node; each element once. */
  async apply(root: ParentNode, stillWritten: boolean): Promise<void> {
    const longest = stillWritten ? LONGEST_WHILE_WRITTEN : LONGEST;
    await Promise.all(
      codesIn(root)
        .filter(({ node }) => !this.seen.has(node))
        .filter(({ node }) => (node.textContent ?? '').length <= longest)
        .map(({ node, language }) => this.colour(node, this.find(language)))
    );
  }

  private async colour(node: HTMLElement, language: IEditorLanguage | null): Promise<void> {
    this.seen.add(node);
    if (language === null) {
      return;
    }
    const code = node.textContent ?? '';
    const coloured = document.createElement('code');
    try {
      await this.languages.highlight(code, language, coloured);
    } catch {
      return;
    }
    if (coloured.textContent === code) {
      node.replaceChildren(...Array.from(coloured.childNodes));
    }
  }

  private find(language: string): IEditorLanguage | null {
    const name = language.toLowerCase();
    if (name === '') {
      return null;
    }
    const known = ALIASES[name] ?? name;
    return this.languages.findBest(known, false) ?? this.languages.findByExtension(known);
  }

  private readonly seen = new WeakSet<HTMLElement>();
}
