/**
 * Text that a model wrote, as DOM. Every character of it becomes a text node: no HTML is parsed, no
 * attribute is made from it, nothing is loaded. Markdown is understood as far as answers use it.
 */

const FENCE = /^\s*(```+|~~~+)\s*[\w+-]*\s*$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBER = /^\s*\d+[.)]\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*/g;

function element(tag, ...children) {
  const node = document.createElement(tag);
  node.append(...children);
  return node;
}

/** Text with code, bold and emphasis. */
function inline(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(at, match.index));
    if (match[2] !== undefined) {
      nodes.push(element('code', match[2]));
    } else if (match[3] !== undefined) {
      nodes.push(element('strong', ...inline(match[3])));
    } else {
      nodes.push(element('em', ...inline(match[4])));
    }
    at = match.index + match[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, '').split('|').map(cell => cell.trim());
}

/** Takes lines from the front as long as `match` finds something in them. */
function takeWhile(lines, match) {
  const taken = [];
  for (let found; lines.length && (found = match(lines[0])); lines.shift()) {
    taken.push(found);
  }
  return taken;
}

function fenced(lines) {
  const fence = lines.shift().match(FENCE)[1];
  const code = takeWhile(lines, line => (line.trim() === fence ? null : [line]));
  lines.shift();
  return element('pre', element('code', code.map(([line]) => line).join('\n')));
}

function list(lines, tag, pattern) {
  const items = takeWhile(lines, line => line.match(pattern));
  return element(tag, ...items.map(item => element('li', ...inline(item[1]))));
}

function table(lines) {
  const head = element('tr', ...cells(lines.shift()).map(cell => element('th', ...inline(cell))));
  lines.shift();
  const rows = takeWhile(lines, line => (line.includes('|') ? [line] : null));
  const body = rows.map(([line]) =>
    element('tr', ...cells(line).map(cell => element('td', ...inline(cell))))
  );
  return element('table', element('thead', head), element('tbody', ...body));
}

function isTable(lines) {
  return lines.length > 1 && lines[0].includes('|') && TABLE_RULE.test(lines[1]);
}

function startsBlock(lines) {
  const line = lines[0];
  return [FENCE, HEADING, BULLET, NUMBER, QUOTE].some(kind => kind.test(line)) || isTable(lines);
}

function block(lines) {
  const line = lines[0];
  if (FENCE.test(line)) {
    return fenced(lines);
  }
  if (HEADING.test(line)) {
    const [, marks, title] = lines.shift().match(HEADING);
    return element(`h${marks.length}`, ...inline(title));
  }
  if (isTable(lines)) {
    return table(lines);
  }
  if (BULLET.test(line)) {
    return list(lines, 'ul', BULLET);
  }
  if (NUMBER.test(line)) {
    return list(lines, 'ol', NUMBER);
  }
  if (QUOTE.test(line)) {
    const quoted = takeWhile(lines, each => each.match(QUOTE)).map(match => match[1]);
    return element('blockquote', ...markdown(quoted.join('\n')));
  }
  const paragraph = [lines.shift()];
  while (lines.length && lines[0].trim() && !startsBlock(lines)) {
    paragraph.push(lines.shift());
  }
  return element('p', ...inline(paragraph.join('\n')));
}

/** The blocks of a Markdown text, as elements. */
export function markdown(text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks = [];
  while (lines.length) {
    if (lines[0].trim()) {
      blocks.push(block(lines));
    } else {
      lines.shift();
    }
  }
  return blocks;
}

/** What a view shows for a text of some format. */
export function content(text, format) {
  if (format === 'code') {
    return [element('pre', element('code', text))];
  }
  if (format === 'text') {
    const plain = element('p', text);
    plain.className = 'jp-mesh-Plain';
    return [plain];
  }
  return markdown(text);
}

/** Keeps what has arrived: whole texts, and what was added to them. */
export class Growing {
  constructor(text) {
    this.replace(text);
  }

  replace(text) {
    this.text = text;
    this.length = [...text].length; // Python counts code points
  }

  /** Returns false when something is missing: the next whole text will bring it. */
  add({ offset, append }) {
    if (typeof append !== 'string' || offset !== this.length) {
      return false;
    }
    this.text += append;
    this.length += [...append].length;
    return true;
  }
}

function render({ model, el }) {
  el.classList.add('jp-mesh-AnswerText');
  el.setAttribute('role', 'article');
  const heading = element('div');
  heading.className = 'jp-mesh-AnswerHeading';
  const body = element('div');
  body.className = 'jp-mesh-AnswerBody';
  body.setAttribute('aria-live', 'polite');
  const facts = element('div');
  facts.className = 'jp-mesh-AnswerFacts';
  el.append(heading, body, facts);

  const growing = new Growing(model.get('text'));
  const show = () => {
    body.replaceChildren(...content(growing.text, model.get('format')));
  };
  const showRest = () => {
    heading.textContent = model.get('heading');
    heading.hidden = !model.get('heading');
    facts.textContent = model.get('facts');
    facts.hidden = !model.get('facts');
    el.setAttribute('aria-label', model.get('heading') || 'Answer');
    el.setAttribute('aria-busy', String(model.get('state') === 'streaming'));
    el.dataset.state = model.get('state');
  };
  const replace = () => {
    growing.replace(model.get('text'));
    show();
  };
  const add = message => {
    if (growing.add(message)) {
      show();
    }
  };
  model.on('change:text change:format', replace);
  model.on('change:heading change:facts change:state', showRest);
  model.on('msg:custom', add);
  show();
  showRest();
  return () => {
    model.off('change:text change:format', replace);
    model.off('change:heading change:facts change:state', showRest);
    model.off('msg:custom', add);
  };
}

export default { render };
