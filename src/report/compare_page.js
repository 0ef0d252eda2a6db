// Joins the parts of the page: what is chosen, the table of all pairs, and one pair in numbers.

const data = JSON.parse(byId('data').textContent);
const chosen = {layer: 0, epsilon: 0};
const kNormal95 = 1.959964;
const kMostFalse = 0.05;
const kLeastChance = 1e-12;

const pairCurve = (layer) => layer.curves[Math.min(chosen.epsilon, layer.curves.length - 1)];
const letterOf = (layer) => data.letters[layer.b.source];
const fullName = (layer) =>
    data.sources.length > 2 ? `${layer.name}, ${letterOf(layer)} beside A` : layer.name;
const signedScore = (value) => (value === null ? '\u2013' : (value > 0 ? '+' : '') + score(value));
const signedPercent = (value) => minus((value > 0 ? '+' : '') + percent(value));
const chance = (p) => {
  if (p === null || p === undefined) return '\u2013';
  // Farther out, the normal distribution that p rests on is no guide.
  if (p < kLeastChance) return '<1e\u221212';
  return minus(p >= 0.001 ? String(Number(p.toPrecision(2))) : p.toExponential(1));
};

const atMost = (name, p) => (p !== null && p < kLeastChance ? `${name} ${chance(p)}` : `${name} at most ${chance(p)}`);

// The difference and its 95 % interval on an axis that all layers share.
const differencePicture = (a4, reach) => {
  const width = 88;
  const made = svg(width, 18);
  const place = (value) => Math.min(width, Math.max(0, width / 2 + (value / reach) * (width / 2 - 4)));
  shape(made, 'path', {d: `M${width / 2} 0V18`, style: 'stroke: var(--ink-soft); stroke-dasharray: 2 2'});
  if (a4.difference === null) return made;
  if (a4.error_bound !== null) {
    const half = kNormal95 * a4.error_bound;
    const ends = `M${place(a4.difference - half)} 9H${place(a4.difference + half)}`;
    shape(made, 'path', {d: ends, style: 'stroke: var(--difference); stroke-width: 2'});
  }
  shape(made, 'circle', {cx: place(a4.difference), cy: 9, r: 3.5, style: 'fill: var(--difference)'});
  return made;
};

const verdictWords = (layer) => {
  if (layer.a.alignment === null && layer.b.alignment === null) return '\u2013';
  const word = (side) => (side.alignment === null ? 'not tested' : side.alignment.replace(' beyond chance', ''));
  return `${word(layer.a)} \u2192 ${word(layer.b)}`;
};

const chanceCell = (p, isSure) => element('td', chance(p), isSure ? 'number sure' : 'number');

const layerRow = (layer, index, reach) => {
  const row = element('tr');
  const name = element('td');
  const button = element('button', layer.name);
  button.type = 'button';
  button.title = fullName(layer);
  name.append(button);
  const picture = element('td');
  picture.append(differencePicture(layer.a4, reach));
  const curve = pairCurve(layer);
  const largest = curve === undefined || curve.largest_difference === null ? '\u2013' :
                                                                            signedPercent(curve.largest_difference);
  const isSure = layer.a4.q_bound !== null && layer.a4.q_bound <= kMostFalse;
  row.append(
      name, element('td', letterOf(layer), 'of-many'), element('td', score(layer.a.a4), 'number'),
      element('td', score(layer.b.a4), 'number'), element('td', signedScore(layer.a4.difference), 'number'), picture,
      chanceCell(layer.a4.p_bound, false), chanceCell(layer.a4.q_bound, isSure), element('td', verdictWords(layer)),
      element('td', largest, 'number'), chanceCell(curve?.p_bound, false));
  row.addEventListener('click', () => chooseLayer(index));
  return row;
};

const fillTable = () => {
  const reach = Math.max(
      0.02,
      ...data.layers.map((layer) => Math.abs(layer.a4.difference ?? 0) + kNormal95 * (layer.a4.error_bound ?? 0)));
  const table = byId('layers');
  table.classList.toggle('several', data.sources.length > 2);
  table.closest('.scroll').classList.toggle('tall', data.layers.length > 14);
  table.tBodies[0].replaceChildren(...data.layers.map((layer, index) => layerRow(layer, index, reach)));
};

const withError = (side) =>
    score(side.a4) + (side.a4_error === null ? '' : ` \u00b1 ${side.a4_error.toPrecision(2)}`);

const fillNumbers = (layer, curve) => {
  const {a, b, a4} = layer;
  const blocks = (side) => (side.num_blocks === null ? '\u2013' : whole(side.num_blocks));
  const haar = (side) => (side.haar_p === null ? 'not tested' : chance(side.haar_p));
  const word = (side) => side.alignment ?? 'not tested';
  const rows = [
    ['Address', a.address + (a.group && ` [${a.group}]`), b.address + (b.group && ` [${b.group}]`)],
    ['Width n', whole(a.dim), whole(b.dim)],
    ['Basis', a.basis_name, b.basis_name],
    ['Samples', whole(a.num_samples_seen), whole(b.num_samples_seen)],
    ['Independent blocks', blocks(a), blocks(b)],
    [
      'A4', withError(a), withError(b),
      signedScore(a4.difference) + (a4.error === null ? '' : ` \u00b1 ${a4.error.toPrecision(2)}`)
    ],
    ['Verdict against Haar rotations', word(a), word(b)],
    ['p against Haar rotations', haar(a), haar(b)],
  ];
  if (curve !== undefined) {
    const both = curve.c4_a === null || curve.c4_b === null ? null : curve.c4_b - curve.c4_a;
    rows.push([`C4 at \u03b5 = ${curve.epsilon}`, score(curve.c4_a), score(curve.c4_b), signedScore(both)]);
  }
  const letter = letterOf(layer);
  byId('numbers').tHead.rows[0].cells[2].textContent = letter;
  byId('numbers').tHead.rows[0].cells[3].textContent = `${letter} \u2212 A`;
  byId('numbers').tBodies[0].replaceChildren(...rows.map(([name, ...values]) => {
    const row = element('tr');
    const head = element('th', name);
    head.scope = 'row';
    row.append(head, ...[0, 1, 2].map((k) => element('td', values[k] ?? '', 'number')));
    return row;
  }));
  const bound = a4.error_bound === null ? '' : `, error at most ${a4.error_bound.toPrecision(2)}`;
  const tests = [
    ['A4, independent samples', `p ${chance(a4.p)}, q ${chance(a4.q)}`],
    ['A4, whatever the dependence', `${atMost('p', a4.p_bound)}, ${atMost('q', a4.q_bound)}${bound}`],
  ];
  if (curve !== undefined) {
    tests.push(
        ['Curve, independent samples', `${atMost('p', curve.p)}, ${atMost('q', curve.q)}`],
        ['Curve, whatever the dependence', `${atMost('p', curve.p_bound)}, ${atMost('q', curve.q_bound)}`]);
  }
  byId('tests').replaceChildren(...tests.flatMap(([term, value]) => [element('dt', term), element('dd', value)]));
};

const fillEpsilons = (layer) => {
  byId('epsilon-label').hidden = layer.curves.length < 2;
  byId('epsilon-chooser').replaceChildren(...layer.curves.map((curve, index) => {
    const option = element('option', minus(String(curve.epsilon)));
    option.value = String(index);
    return option;
  }));
  byId('epsilon-chooser').value = String(Math.min(chosen.epsilon, layer.curves.length - 1));
};

const show = () => {
  const layer = data.layers[chosen.layer];
  const curve = pairCurve(layer);
  markChosenRow(chosen.layer);
  byId('layer-heading').textContent = fullName(layer);
  byId('layer-chooser').value = String(chosen.layer);
  fillEpsilons(layer);
  byId('notes').hidden = layer.notes.length === 0;
  byId('notes').replaceChildren(...layer.notes.map((note) => element('li', note)));
  byId('caption').textContent = captionOf(layer, curve);
  drawCurves(layer, curve);
  fillNumbers(layer, curve);
  const link = new URLSearchParams({layer: layer.name});
  if (data.sources.length > 2) link.set('with', letterOf(layer));
  if (curve !== undefined) link.set('epsilon', String(curve.epsilon));
  history.replaceState(null, '', '#' + link);
};

const chooseLayer = (index) => {
  chosen.layer = index;
  show();
};

// #layer=encoder.0&with=B&epsilon=0.4; what a link does not say stays.
const followLink = () => {
  const link = new URLSearchParams(location.hash.slice(1));
  const found = data.layers.findIndex(
      (layer) => layer.name === link.get('layer') && (!link.has('with') || letterOf(layer) === link.get('with')));
  if (found >= 0) chosen.layer = found;
  const epsilon = data.layers[chosen.layer].curves.findIndex((curve) => String(curve.epsilon) === link.get('epsilon'));
  if (epsilon >= 0) chosen.epsilon = epsilon;
};

// Those that differ first, since they are what somebody looks for here.
const fillSettings = () => {
  const tables = data.settings.map((settings) => new Map(settings));
  const names = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const valuesOf = (name) => tables.map((table) => table.get(name) ?? '');
  const differs = (name) => new Set(valuesOf(name)).size > 1;
  const head = element('tr');
  for (const text of ['Setting', ...data.letters]) {
    const cell = element('th', text);
    cell.scope = 'col';
    head.append(cell);
  }
  const table = byId('settings-table');
  table.createTHead().append(head);
  const sorted = [...names.filter(differs), ...names.filter((name) => !differs(name))];
  table.createTBody().append(...sorted.map((name) => {
    const row = element('tr', undefined, differs(name) ? 'other' : undefined);
    const first = element('th', name);
    first.scope = 'row';
    row.append(first, ...valuesOf(name).map((value) => element('td', value === '' ? '\u2013' : value)));
    return row;
  }));
};

const start = () => {
  byId('summary').textContent = data.summary;
  byId('sources').replaceChildren(
      ...data.sources.flatMap((name, k) => [element('dt', data.letters[k]), element('dd', name)]));
  byId('unmatched').hidden = data.unmatched.length === 0;
  byId('unmatched').textContent = `Not compared: ${data.unmatched.join('; ')}.`;
  byId('layer-chooser').replaceChildren(...data.layers.map((layer, index) => {
    const option = element('option', fullName(layer));
    option.value = String(index);
    return option;
  }));
  byId('layer-chooser').addEventListener('change', (event) => chooseLayer(Number(event.target.value)));
  byId('epsilon-chooser').addEventListener('change', (event) => {
    chosen.epsilon = Number(event.target.value);
    fillTable();
    show();
  });
  byId('page-command').hidden = data.command === '';
  byId('page-command').replaceChildren('This page was written by ', element('code', data.command));
  fillSettings();
  followLink();
  addEventListener('hashchange', () => {
    followLink();
    fillTable();
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  fillTable();
  show();
  document.body.dataset.ready = 'yes';
};

start();
