// Every layer in the order of the model: their names, and the table of them.

// Those of one address side by side, whichever results they are of.
const overviewLayers = () => {
  const layers = data.layers.filter((layer) => layer.group === '');
  const addresses = [...new Set(layers.map((layer) => layer.address))];
  return addresses.flatMap((address) => layers.filter((layer) => layer.address === address));
};
const overviewName = (layer) =>
    data.results.length > 1 ? `${layer.address} (${data.results[layer.result].name})` : layer.address;

// Long names are cut where they differ least from each other, so that as many as can be stay different.
const cutName = (text, most, head) =>
    (text.length <= most ? text : `${text.slice(0, head)}\u2026${text.slice(text.length - (most - 1 - head))}`);
const shortNames = (names, most) => {
  const cuts = [0, 0.25, 0.5, 0.75].map((share) => names.map((name) => cutName(name, most, Math.floor(share * most))));
  const numDifferent = cuts.map((cut) => new Set(cut).size);
  return cuts[numDifferent.indexOf(Math.max(...numDifferent))];
};

const carriedBy = (layer) => {
  const shares = layer.tests?.top_shares ?? [];
  return shares.map((top) => `${top.vectors.join(', ')}: ${percent(Number(top.share.toPrecision(2)))}`).join('; ') ||
      '\u2013';
};

const tableCells = (layer) => {
  const e = epsilonIndex(layer);
  const samples = element('td', whole(layer.num_samples_seen), 'number');
  if (skipped(layer)) samples.append(element('small', skipped(layer)));
  const a4 = element('td', score(layer.a4), 'number');
  if (layer.a4_error !== null) a4.append(element('small', `\u00b1 ${errorText(layer.a4_error)}`));
  const c4 = element('td', score(layer.c4[e]), 'number');
  const c4Error = c4TestOf(layer)?.standard_error ?? null;
  if (c4Error !== null) c4.append(element('small', `\u00b1 ${errorText(c4Error)}`));
  const verdict = element('td');
  verdict.append(verdictBadge(layer));
  const basis = element('td', basisTitle(layer), 'basis');
  basis.hidden = data.results.length < 2;
  return [
    basis, verdict, a4, element('td', layer.tests === undefined ? '\u2013' : layer.tests.p.toPrecision(2), 'number'),
    c4, element('td', carriedBy(layer)), element('td', whole(layer.dim), 'number'), samples
  ];
};

// Arrow keys go from layer to layer, Enter or a click chooses one.
const moveFocus = (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (step === undefined || event.target.tagName !== 'BUTTON') return;
  const buttons = [...document.querySelectorAll('#layers tbody button')];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (next) next.focus();
  event.preventDefault();
};

const fillOverviewTable = (layers) => {
  byId('basis-column').hidden = data.results.length < 2;
  byId('c4-heading').textContent = 'C4';
  const body = document.querySelector('#layers tbody');
  body.closest('.scroll').classList.toggle('tall', layers.length > 14);
  body.replaceChildren(...layers.map((layer) => {
    const row = element('tr');
    const name = element('td');
    const button = element('button', layer.address);
    button.type = 'button';
    button.title = layer.address;
    name.append(button);
    row.append(name, ...tableCells(layer));
    row.addEventListener('click', () => chooseLayer(layer));
    return row;
  }));
  body.onkeydown = moveFocus;
};

const tableRows = (layers) => ({
  columns: [
    'layer', 'result', 'basis', 'verdict', 'a4', 'a4_error', 'p', 'epsilon', 'c4', 'c4_error', 'p_c4', 'top_vectors',
    'top_share', 'n', 'samples', 'zero', 'not_finite', 'skipped'
  ],
  rows: layers.map((layer) => {
    const e = epsilonIndex(layer);
    const top = layer.tests?.top_shares.at(-1);
    const c4 = c4TestOf(layer);
    return [
      layer.address, data.results[layer.result].name, layer.basis_name, layer.tests?.alignment, layer.a4,
      layer.a4_error, layer.tests?.p, layer.epsilon[e], layer.c4[e], c4?.standard_error, c4?.p, top?.vectors.join(' '),
      top?.share, layer.dim, layer.num_samples_seen, layer.num_samples_zero_norm, layer.num_samples_nonfinite,
      layer.num_samples_skipped
    ];
  })
});

const kManyTests = 10;  // from which on one that is found by chance is to be expected

const countWords = (layers) => {
  const counts = Object.entries(verdictWords)
                     .map(
                         ([verdict, {word}]) =>
                             [word.toLowerCase(),
                              layers.filter((layer) => (layer.tests?.alignment ?? 'untested') === verdict).length]);
  const said = counts.filter(([, count]) => count > 0).map(([word, count]) => `${whole(count)} ${word}`);
  const seen = new Set(layers.map((layer) => layer.num_samples_seen));
  const number = seen.size === 1 ? `${whole([...seen][0])} samples each` :
                                   `${whole(Math.min(...seen))} to ${whole(Math.max(...seen))} samples`;
  const results = data.results.length > 1 ? ` in ${data.results.length} results` : '';
  const tested = layers.filter((layer) => layer.tests !== undefined).length;
  const byChance = tested < kManyTests ? '' :
                                         ` If none preferred its basis, about ${Math.round(tested / 20)} would be called ` +
          'aligned or diagonal anyway, each test being at 5 %.';
  return `${plural(layers.length, 'layer', 'layers')}${results}, ${number}: ${said.join(', ')}.${byChance}`;
};

const epsilonWords = (layers) => {
  const values = [...new Set(layers.map((layer) => shortEpsilon(layer.epsilon[epsilonIndex(layer)])))];
  return values.length < 4 ? `\u03b5 = ${values.join(', ')}` :
                             `each layer's own \u03b5 (${values[0]} to ${values.at(-1)})`;
};

const c4Words = (layers) => layers.some((layer) => c4TestOf(layer) !== null) ?
    'C4 has its bars where it was tested at this \u03b5, from the rows that were tested.' :
    'C4 was not tested at this \u03b5, and has no bars.';

const scoreWords = (layers, words) => hasC4InStrip(layers) ?
    `C4 and the curves are those of ${words}; ${c4Words(layers)} Both dots are filled by the verdict on A4.` :
    `The curves are those of ${words}. The dot is filled by the verdict on A4; C4, where there is one, is in the table.`;

const fillOverview = () => {
  const layers = overviewLayers();
  const words = epsilonWords(layers);
  byId('overview-words').textContent = countWords(layers);
  byId('strip').setAttribute('aria-label', `A4, C4 and holistic curve of ${plural(layers.length, 'layer', 'layers')}`);
  byId('strip-caption').textContent =
      'Layers in the order of the model. A4 has its standard error by blocks of rows as a bar; ' +
      'a dot outside the grey bar is beyond what random (Haar) rotations of the basis give, at 5 %. ' +
      `${scoreWords(layers, words)} Each row of colours is one holistic curve from ` +
      '0\u00b0 to 360\u00b0 relative to its own mean. Click a row, or choose in the table.';
  drawStrip(layers);
  fillOverviewTable(layers);
  byId('c4-heading').textContent = `C4 at ${words}`;
  byId('strip').removeAllListeners?.('plotly_click');
  byId('strip').on('plotly_click', (event) => {
    const layer = layers[Math.round(event.points[0].y)];
    if (layer) chooseLayer(layer);
  });
  addExports(byId('strip-figure'), 'strip', 'overview of layers', () => stripRows(layers));
  addExports(byId('table-figure'), null, 'table of layers', () => tableRows(layers));
};
