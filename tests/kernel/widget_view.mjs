// Renders texts with the widgets' own views in jsdom; prints what became of them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [answerText, factTable, root] = process.argv.slice(2);
const { JSDOM } = createRequire(pathToFileURL(root + '/package.json'))('jsdom');
const { window } = new JSDOM('<body></body>');
globalThis.document = window.document;

class Model {
  constructor(traits) {
    this.traits = { heading: '', facts: '', state: 'done', format: 'markdown', ...traits };
    this.listeners = [];
  }
  get(name) {
    return this.traits[name];
  }
  on(names, listener) {
    this.listeners.push([names.split(' '), listener]);
  }
  off(names, listener) {
    this.listeners = this.listeners.filter(([, known]) => known !== listener);
  }
  set(name, value) {
    this.traits[name] = value;
    this.emit('change:' + name);
  }
  emit(name, message) {
    this.listeners.filter(([names]) => names.includes(name)).forEach(([, each]) => each(message));
  }
}

function describe(el) {
  const all = [...el.querySelectorAll('*')];
  return {
    html: el.querySelector('.jp-mesh-AnswerBody')?.innerHTML ?? el.innerHTML,
    text: el.textContent,
    tags: [...new Set(all.map(node => node.tagName.toLowerCase()))].sort(),
    attributes: [...new Set(all.flatMap(node => node.getAttributeNames()))].sort()
  };
}

const { cases } = JSON.parse(readFileSync(0, 'utf8'));
const views = {
  text: (await import(pathToFileURL(answerText))).default,
  table: (await import(pathToFileURL(factTable))).default
};
const results = cases.map(({ view, traits, events = [] }) => {
  const model = new Model(traits);
  const el = window.document.createElement('div');
  const dispose = views[view].render({ model, el });
  for (const event of events) {
    if (event.set) {
      model.set(...event.set);
    } else {
      model.emit('msg:custom', event);
    }
  }
  const found = { ...describe(el), label: el.getAttribute('aria-label') };
  dispose();
  return { ...found, listeners: model.listeners.length };
});
console.log(JSON.stringify(results));
