// The live page: what the server sends becomes a table, the curve of the chosen layer, and A4 over time.

const kMostPoints = 1200;

const live = {
  layers: [],
  series: {axis: 'seconds', x: [], columns: []},
  chosen: null,  // the name of a layer: there may come more in front of it
  epsilon: 0
};
const epsilonOf = (layer) => Math.min(live.epsilon, layer.epsilon.length - 1);
const chosenLayer = () => live.layers.find((layer) => layer.name === live.chosen) ?? live.layers[0];
const say = (state, words) => {
  byId('lamp').className = state;
  byId('state').textContent = words;
};

const columnOf = (name, kind) => {
  const {x, columns} = live.series;
  let column = columns.find((one) => one.name === name && one.kind === kind);
  if (!column) {
    column = {name, kind, values: new Array(x.length).fill(null)};
    columns.push(column);
  }
  return column;
};

const addPoint = (look) => {
  const {x, columns} = live.series;
  if (look.layers.length === 0) return;
  if (x.length === 0 || x[x.length - 1] !== look.x) {
    x.push(look.x);
    for (const column of columns) column.values.push(null);
  }
  for (const layer of look.layers) columnOf(layer.name, 'a4').values[x.length - 1] = layer.a4;
  for (const [name, value] of Object.entries(look.scalars)) columnOf(name, 'scalar').values[x.length - 1] = value;
  while (x.length > kMostPoints) {
    x.shift();
    for (const column of columns) column.values.shift();
  }
};

const fillTable = () => {
  const focused = document.activeElement?.closest?.('#layers button')?.textContent;
  fillLayerTable(live.layers, epsilonOf, (index) => {
    live.chosen = live.layers[index].name;
    show();
  });
  const rates = live.layers.some((layer) => layer.rows_per_second !== null);
  document.querySelector('th.rate').hidden = !rates;
  document.querySelectorAll('#layers tbody tr').forEach((row, index) => {
    const rate = live.layers[index].rows_per_second;
    if (rates) row.append(element('td', rate === null ? '\u2013' : whole(Math.round(rate)), 'number'));
    const button = row.querySelector('button');
    if (button.textContent === focused) button.focus({preventScroll: true});
  });
};

const drawCurve = () => {
  const layer = chosenLayer();
  if (!layer) return;
  const e = epsilonOf(layer);
  byId('layer-heading').textContent = layer.name;
  byId('caption').textContent = holisticCaption(layer, e);
  if (byId('epsilon-chooser').childElementCount !== layer.epsilon.length) fillEpsilonChooser(layer, e);
  drawHolistic('chart', 'nothing', layer, e);
};

const drawSeries = (id, kind, hasZero) => {
  const {axis, x, columns} = live.series;
  drawLines(id, columns.filter((column) => column.kind === kind), x, {
    axis: axis === 'step' ? 'step' : 'seconds since the start',
    chosen: chosenLayer()?.name,
    hasZero
  });
};

const show = () => {
  markChosenRow(live.layers.indexOf(chosenLayer()));
  drawCurve();
  drawSeries('growth', 'a4', true);
  const hasScalars = live.series.columns.some((column) => column.kind === 'scalar');
  byId('scalars-figure').hidden = !hasScalars;
  if (hasScalars) drawSeries('scalars', 'scalar', false);
};

const summary = (look) => {
  const seen = look.layers.reduce((sum, layer) => sum + layer.num_samples_seen, 0);
  const skipped = look.layers.reduce((sum, layer) => sum + layer.num_samples_skipped, 0);
  const rate = look.layers.reduce((sum, layer) => sum + (layer.rows_per_second ?? 0), 0);
  const parts = [plural(look.layers.length, 'layer', 'layers')];
  if (look.axis === 'step') parts.push(`step ${whole(look.x)}`);
  if (look.state === 'observing' && look.axis !== 'step') parts.push(`${whole(Math.round(rate))} rows a second in all of them together`);
  if (seen + skipped > 0) parts.push(`${percent(seen / (seen + skipped))} of the rows seen, ${whole(skipped)} skipped`);
  if (look.window !== 'cumulative') parts.push(`window ${look.window} rows`);
  return parts.join(', ');
};

const onLayers = (event) => {
  const look = JSON.parse(event.data);
  const words = {waiting: 'waiting for the first rows', observing: 'live', finished: 'finished: no more comes'};
  say(look.state, words[look.state]);
  byId('model').textContent = look.model;
  document.title = look.model ? `${look.model}, live` : 'Spotlight resonance, live';
  byId('notice').hidden = look.notice === '';
  byId('notice').textContent = look.notice;
  live.layers = look.layers;
  byId('summary').textContent = summary(look);
  byId('result-links').hidden = look.axis === 'step';  // a monitor's windows, which it writes itself
  addPoint(look);
  fillTable();
  show();
};

const start = () => {
  byId('epsilon-chooser').addEventListener('change', (event) => {
    live.epsilon = Number(event.target.value);
    fillTable();
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  const events = new EventSource('/events');
  events.addEventListener('series', (event) => {
    live.series = JSON.parse(event.data);
  });
  events.addEventListener('layers', onLayers);
  events.addEventListener('error', () => {
    if (byId('lamp').className !== 'finished') say('lost', 'no connection: trying again');
  });
};

start();
