// Joins the parts of the page: what is chosen, and what has to be drawn again when that changes.

const data = JSON.parse(byId('data').textContent);
const chosen = {
  layer: 0,
  epsilon: 0,
  kind: 'positive',
  plane: null  // or {i, j}
};
// Layers may have other epsilons than their neighbours, as those that follow their data; then the place in the list
// counts, and where that is shorter its last.
const epsilonIndex = (layer) => Math.min(chosen.epsilon, layer.epsilon.length - 1);

const unpackCurves = (layer) => {
  const thousandths = 1000 * Math.max(layer.num_samples_seen, 1);
  for (const curves of layer.curves) {
    curves.holistic_counts = unpacked(curves.holistic_counts);
    curves.holistic_std = curves.holistic_std && unpacked(curves.holistic_std).map((value) => value / thousandths);
    for (const name of ['low', 'high', 'signed_counts', 'signed_low', 'signed_high']) {
      curves[name] = curves[name] && unpacked(curves[name]);
    }
  }
};
// The planes of a layer are most of the page: those that are looked at.
const unpackPlanes = (curves) => {
  for (const plane of curves.planes) {
    if (typeof plane.counts === 'string') plane.counts = unpacked(plane.counts);
  }
};

const fillEpsilons = (layer) => {
  const e = epsilonIndex(layer);
  const slider = byId('epsilon');
  byId('epsilon-label').hidden = layer.epsilon.length < 2;
  slider.max = String(layer.epsilon.length - 1);
  // From left to right it grows, in whatever order the epsilons were counted.
  const order = epsilonOrder(layer);
  slider.value = String(order.indexOf(e));
  slider.setAttribute('aria-valuetext', `epsilon ${shortEpsilon(layer.epsilon[e])}`);
  byId('epsilon-value').textContent = shortEpsilon(layer.epsilon[e]);
};
const epsilonOrder = (layer) => layer.epsilon.map((unused, k) => k).sort((a, b) => layer.epsilon[a] - layer.epsilon[b]);

// `chosen` has changed: draws what depends on it, and says so in the address.
const show = () => {
  const layer = data.layers[chosen.layer];
  const e = epsilonIndex(layer);
  unpackPlanes(layer.curves[e]);
  markChosenRow(overviewLayers().indexOf(layer));
  byId('layer-chooser').value = String(chosen.layer);
  fillEpsilons(layer);
  fillLayer(layer, e);
  fillPlanes(layer, e);
  fillNeurons(layer, e);
  fillTraining(layer);
  history.replaceState(null, '', linkOf(layer, e));
};

const chooseLayer = (layer) => {
  if (data.layers[chosen.layer] !== layer) chosen.plane = null;
  chosen.layer = data.layers.indexOf(layer);
  show();
};
const choosePlane = (i, j) => {
  chosen.plane = {i, j};
  show();
};
const chooseEpsilon = (index) => {
  chosen.epsilon = index;
  fillOverview();
  show();
};
const drawAll = () => {
  fillOverview();
  show();
};

const fillLayerChooser = () => {
  const layers = overviewLayers();
  byId('layer-chooser').replaceChildren(...layers.map((layer) => {
    const option = element('option', overviewName(layer));
    option.value = String(data.layers.indexOf(layer));
    return option;
  }));
  const step = (by) => {
    const place = layers.indexOf(data.layers[chosen.layer]) + by;
    if (layers[place]) chooseLayer(layers[place]);
  };
  byId('layer-chooser').addEventListener('change', (event) => chooseLayer(data.layers[Number(event.target.value)]));
  byId('previous-layer').addEventListener('click', () => step(-1));
  byId('next-layer').addEventListener('click', () => step(1));
};

const startControls = () => {
  fillLayerChooser();
  startLayer();
  byId('epsilon').addEventListener('input', (event) => {
    chooseEpsilon(epsilonOrder(data.layers[chosen.layer])[Number(event.target.value)]);
  });
  // The address is for what is chosen; a link to a section only goes there.
  document.querySelectorAll('a[href^="#"]').forEach((link) => link.addEventListener('click', (event) => {
    event.preventDefault();
    goTo(link.getAttribute('href').slice(1));
  }));
  addEventListener('hashchange', () => {
    const {isLink, section} = followLink(location.hash);
    drawAll();
    if (isLink) goTo(section);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('beforeprint', () => drawFor(true));
  addEventListener('afterprint', () => drawFor(false));
};

// Paper is light and narrower than most windows.
const drawFor = (paper) => {
  document.documentElement.classList.toggle('paper', paper);
  document.documentElement.classList.toggle('printed', paper);
  drawAll();
  document.querySelectorAll('.js-plotly-plot').forEach((chart) => Plotly.relayout(chart, {autosize: true}));
};

const goTo = (section) => {
  byId(section).scrollIntoView();
  byId(section).querySelector('h2').focus({preventScroll: true});
};

const start = () => {
  byId('partial').hidden = !data.results.some((result) => result.partial);
  fillMadeBy();
  fillReading();
  byId('training').hidden = data.training === null;
  document.querySelector('nav a[href="#training"]').hidden = data.training === null;
  if (overviewLayers().length === 0) {
    byId('overview-words').textContent = 'This result holds no layer.';
    document.querySelectorAll('.of-layers').forEach((part) => part.remove());
    return;
  }
  data.layers.forEach(unpackCurves);
  chosen.layer = data.layers.indexOf(overviewLayers()[0]);
  const {isLink, section} = followLink(location.hash);
  startControls();
  drawAll();
  if (isLink) goTo(section);
};

start();
document.body.dataset.ready = 'yes';
