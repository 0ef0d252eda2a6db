// Joins the parts of the page: what is chosen, and what has to be drawn again when that changes.

const data = JSON.parse(byId('data').textContent);
const chosen = {
  layer: 0,
  epsilon: 0
};
// Layers differ in their epsilons only if their results were put together by hand; then the last one stands in.
const epsilonIndex = (layer) => Math.min(chosen.epsilon, layer.epsilon.length - 1);

const fillFacts = (layer, curves) => {
  const e = epsilonIndex(layer);
  const facts = [
    ['A4', score(layer.a4)],
    [`C4 at \u03b5 = ${layer.epsilon[e]}`, score(layer.c4[e]), layer.c4[e] === null ? 'below 100 hits' : ''],
    [`Hits at \u03b5 = ${layer.epsilon[e]}`, whole(layer.scores.hits[e])],
    [
      'Evenly spread directions', curves.isotropic_rate === null ? '\u2013' : percent(curves.isotropic_rate),
      'would be inside'
    ],
    ['Samples seen', whole(layer.num_samples_seen), layer.centred ? 'centred: mean taken off' : 'not centred'],
    ['Zero rows', whole(layer.num_samples_zero_norm)],
    ['Rows with NaN or infinity', whole(layer.num_samples_nonfinite)],
    ['Rows skipped', whole(layer.num_samples_skipped), 'by a mask, sampling, a limit, a budget or a full queue'],
    ['Calls', whole(layer.num_calls)],
    ['Planes', whole(layer.num_planes_summed), `${layer.pairs}s`],
    ['Planes with a curve', whole(layer.num_planes), layer.plane_choice],
    ['Planes left out', whole(layer.num_planes_left_out), layer.num_planes_left_out ? 'parallel vectors' : ''],
    [
      'Basis', layer.basis_name,
      `${whole(layer.num_vectors)} vectors in ${plural(layer.dim, 'dimension', 'dimensions')}`
    ],
    ['Angles', whole(layer.num_angles), `${layer.grid} grid, ${layer.sense} sense`],
  ];
  byId('facts').replaceChildren(...facts.map(([term, value, note]) => {
    const box = element('div');
    const detail = element('dd', value);
    if (note) detail.append(element('br'), element('small', note));
    box.append(element('dt', term), detail);
    return box;
  }));
};

const fillEpsilons = (layer) => {
  byId('epsilon-label').hidden = layer.epsilon.length < 2;
  byId('epsilon-chooser').replaceChildren(...layer.epsilon.map((epsilon, index) => {
    const option = element('option', minus(String(epsilon)));
    option.value = String(index);
    return option;
  }));
  byId('epsilon-chooser').value = String(epsilonIndex(layer));
};

const fillTable = () => fillLayerTable(data.layers, epsilonIndex, (index) => {
  chosen.layer = index;
  show();
});

const show = () => {
  const layer = data.layers[chosen.layer];
  const epsilon = layer.epsilon[epsilonIndex(layer)];
  const curves = layer.curves[epsilonIndex(layer)];
  markChosenRow(chosen.layer);
  byId('c4-heading').textContent = `C4 at \u03b5 = ${epsilon}`;
  byId('layer-heading').textContent = layer.name;
  byId('layer-chooser').value = String(chosen.layer);
  fillEpsilons(layer);
  byId('caption').textContent = chartCaption(layer, curves, epsilon);
  byId('chart').setAttribute('aria-label', `Holistic curve and single planes of layer ${layer.name}`);
  drawChart(layer, curves, epsilon);
  fillFacts(layer, curves);
  fillFindings(layer, epsilon);
};

const start = () => {
  byId('partial').hidden = !data.partial;
  byId('summary').textContent = `Do the activations of ${
      plural(data.layers.length, 'layer', 'layers')} gather at the basis vectors, between them, or neither?`;
  byId('settings')
      .replaceChildren(...data.settings.flatMap(([option, value]) => [element('dt', option), element('dd', value)]));
  if (data.layers.length === 0) {
    byId('layer-heading').textContent = 'This result holds no layer';
    return;
  }
  byId('layer-chooser').replaceChildren(...data.layers.map((layer, index) => {
    const option = element('option', layer.name);
    option.value = String(index);
    return option;
  }));
  byId('layer-chooser').addEventListener('change', (event) => {
    chosen.layer = Number(event.target.value);
    show();
  });
  byId('epsilon-chooser').addEventListener('change', (event) => {
    chosen.epsilon = Number(event.target.value);
    fillTable();
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  fillTable();
  show();
};

start();
