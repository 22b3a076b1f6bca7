/** Rows of facts as a table: cells become text nodes; a share between 0 and 1 becomes a meter. */

function cell(value) {
  const node = document.createElement('td');
  if (value !== null && typeof value === 'object') {
    const meter = document.createElement('meter');
    meter.min = 0;
    meter.max = 1;
    meter.high = 0.8;
    meter.optimum = 0;
    meter.value = Number(value.share);
    meter.setAttribute('aria-label', `${Math.round(value.share * 100)} %`);
    node.append(meter);
  } else {
    node.textContent = value === null ? '' : String(value);
  }
  return node;
}

function row(cells) {
  const node = document.createElement('tr');
  node.append(...cells);
  return node;
}

function headCell(text) {
  const node = document.createElement('th');
  node.scope = 'col';
  node.textContent = text;
  return node;
}

export function fill(table, caption, header, rows) {
  const title = document.createElement('caption');
  title.textContent = caption;
  const head = document.createElement('thead');
  head.append(row(header.map(headCell)));
  const body = document.createElement('tbody');
  body.append(...rows.map(cells => row(cells.map(cell))));
  table.replaceChildren(title, head, body);
}

function render({ model, el }) {
  el.classList.add('jp-mesh-FactTable');
  const table = document.createElement('table');
  el.append(table);
  const show = () => fill(table, model.get('caption'), model.get('header'), model.get('rows'));
  model.on('change:caption change:header change:rows', show);
  show();
  return () => model.off('change:caption change:header change:rows', show);
}

export default { render };
