import { type Extension, type Range, type Text } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate
} from '@codemirror/view';

import { type IMeshSettings } from '../settings/token';
import { cellMagicOf, wordsOf } from './first-line';
import { ProseReader } from './prose';

const NONE: DecorationSet = Decoration.none;
const PROSE_LINE = Decoration.line({ class: 'jp-mesh-Prose' });
const FIRST_LINE = Decoration.line({ class: 'jp-mesh-Prose-first' });

/** Longest text that is coloured: beyond, a prompt is pasted data. Characters. */
const LIMIT = 200_000;

/** Colours and wraps `%%llm` and `%%rag` cells as prose; leaves every other text alone. */
export function proseExtension(settings: IMeshSettings): Extension {
  class ProseColours {
    decorations: DecorationSet;

    constructor(private readonly view: EditorView) {
      this.decorations = this.decorate(view.state.doc);
      settings.changed.connect(this.redraw);
    }

    update({ docChanged, state }: ViewUpdate): void {
      if (docChanged) {
        this.decorations = this.decorate(state.doc);
      }
    }

    destroy(): void {
      settings.changed.disconnect(this.redraw);
    }

    private decorate(text: Text): DecorationSet {
      return settings.proseColours ? proseDecorations(text) : NONE;
    }

    private readonly redraw = (): void => {
      this.decorations = this.decorate(this.view.state.doc);
      this.view.dispatch({});
    };
  }
  return [
    ViewPlugin.fromClass(ProseColours, { decorations: plugin => plugin.decorations }),
    // Prose is read in lines as long as the cell is wide, not as long as the writer made them.
    EditorView.contentAttributes.compute(['doc'], ({ doc }): Record<string, string> =>
      settings.proseColours && isProse(doc) ? { class: 'cm-lineWrapping' } : {}
    )
  ];
}

/** Decorations of a whole text; none when it is no prompt. */
export function proseDecorations(text: Text): DecorationSet {
  if (!isProse(text)) {
    return NONE;
  }
  const first = text.line(1);
  const ranges: Range<Decoration>[] = [FIRST_LINE.range(first.from)];
  for (const { kind, from, to } of wordsOf(first.text)) {
    ranges.push(mark(kind).range(first.from + from, first.from + to));
  }
  const reader = new ProseReader();
  for (let number = 2; number <= text.lines; number += 1) {
    const line = text.line(number);
    ranges.push(PROSE_LINE.range(line.from));
    for (const { kind, from, to } of reader.read(line.text)) {
      ranges.push(mark(kind).range(line.from + from, line.from + to));
    }
  }
  return Decoration.set(ranges, true);
}

function isProse(text: Text): boolean {
  return text.length <= LIMIT && cellMagicOf(text.line(1).text) !== null;
}

const marks = new Map<string, Decoration>();

function mark(kind: string): Decoration {
  const made = marks.get(kind) ?? Decoration.mark({ class: `jp-mesh-Prose-${kind}` });
  marks.set(kind, made);
  return made;
}
