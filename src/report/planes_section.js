// Single planes of the chosen layer: their map, the chosen one's numbers and curve, and its points from above.

const mapChosen = {measure: null, order: 'index'};

// Until one is chosen that is shown which comes first of the strongest by the tests, or by hits, and has a curve here.
const shownPlane = (layer, e) => {
  if (chosen.plane !== null) {
    return layer.pairs === 'permutation' ? chosen.plane : planeOfCell(layer, chosen.plane.i, chosen.plane.j);
  }
  const strongest = layer.tests?.planes?.strongest ?? strongestByHits(layer, e, 10);
  // One that no sample comes near has a flat curve, which shows nothing.
  return [...strongest, ...layer.curves[e].planes].find((plane) => planeWithCurve(layer, e, plane)?.num_hits > 0) ??
      strongest[0] ?? {i: 0, j: Math.min(1, layer.num_vectors - 1)};
};

const mapCaption = (layer, e, measure, offMap) => {
  const map = planeMap(layer);
  const said = [];
  const total = layer.num_vectors;
  if (map.chosen_by === 'all') {
    said.push(`Every plane of ${plural(total, 'vector', 'vectors')}, once above and once below the diagonal.`);
  } else {
    const rule = map.chosen_by === 'tests' ? 'planes with the smallest p of c4, and of equal p the largest c4' :
                                             `planes with most hits ${atEpsilon(layer.epsilon[0])}`;
    said.push(`${map.vectors.length} of ${whole(total)} vectors: those that come first in the ${rule}; so the strongest planes are here.`);
  }
  if (layer.tests?.planes) {
    said.push(`c4 and q are of ${whole(layer.tests.num_rows)} rows that were tested; blue is aligned, orange diagonal.`);
  }
  if (measure.isLog) said.push('q is p corrected for all planes (Benjamini\u2013Hochberg): at most 0.05 is significant.');
  const numBlank = measure.values.filter((value) => value === null).length;
  if (numBlank > 0) {
    said.push(`${plural(numBlank, 'plane is', 'planes are')} blank: of parallel vectors, or without a number of ${numBlank === 1 ? 'its' : 'their'} own.`);
  }
  if (offMap) said.push(`Plane (${offMap.i}, ${offMap.j}) is not on it.`);
  said.push('Click a cell, or go with the arrow keys.');
  return said.join(' ');
};

const fillMap = (layer, e, plane) => {
  const map = planeMap(layer);
  const measures = mapMeasures(layer, e);
  const names = Object.keys(measures);
  byId('map-figure').hidden = names.length === 0;
  if (names.length === 0) return;
  const key = names.includes(mapChosen.measure) ? mapChosen.measure : names[0];
  byId('map-measure').replaceChildren(...names.map((name) => {
    const option = element('option', measures[name].name);
    option.value = name;
    return option;
  }));
  byId('map-measure').value = key;
  byId('map-order').value = mapChosen.order;
  const places = mapOrder(map, measures[key], mapChosen.order);
  const cell = [plane.i, plane.j].map((vector) => places.findIndex((a) => map.vectors[a] === vector));
  byId('map').setAttribute(
      'aria-label', `Map of planes by ${measures[key].name}, plane (${plane.i}, ${plane.j}) chosen; arrow keys choose another`);
  byId('map-caption').textContent = mapCaption(layer, e, measures[key], cell.includes(-1) ? plane : null);
  drawMap('map', layer, measures[key], places, cell.includes(-1) ? null : cell);
  const choose = ([row, column]) => {
    const {i, j} = planeOfCell(layer, map.vectors[places[row]], map.vectors[places[column]]);
    if (i !== j) choosePlane(i, j);
  };
  byId('map').removeAllListeners('plotly_click');
  byId('map').on('plotly_click', (event) => choose([event.points[0].y, event.points[0].x]));
  byId('map').onkeydown = (event) => moveCell(event, cell, places.length, choose);
  addExports(byId('map-figure'), 'map', () => `planes of ${layer.name}`, () => mapRows(layer, e));
};

// One cell on, over the diagonal; the side of it that the keys are on stays.
const moveCell = (event, cell, size, choose) => {
  const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
  if (step === undefined || size < 2) return;
  event.preventDefault();
  const from = mapChosen.cell && isSameCell(mapChosen.cell, cell) ? mapChosen.cell : cell.includes(-1) ? [0, 0] : cell;
  let to = from.map((place, k) => place + step[k]);
  if (to[0] === to[1]) to = to.map((place, k) => place + step[k]);
  if (to.some((place) => place < 0 || place >= size)) return;
  mapChosen.cell = to;
  choose(to);
  byId('map').focus();
};
const isSameCell = (a, b) => (a[0] === b[0] && a[1] === b[1]) || (a[0] === b[1] && a[1] === b[0]);

const fillPlanes = (layer, e) => {
  const map = planeMap(layer);
  byId('planes-parts').hidden = map === null;
  byId('no-planes').hidden = map !== null;
  if (map === null) {
    byId('no-planes').textContent = layer.num_planes_summed === 0 ?
        'This basis spans no plane.' :
        'No plane of this layer was counted or tested on its own: torchsrm observe \u2026 --planes all or --test-planes does.';
    return;
  }
  const plane = shownPlane(layer, e);
  fillMap(layer, e, plane);
  fillPlane(layer, e, plane);
  fillStrongest(layer, e);
  fillDensity(layer, plane);
  for (const [id, value] of [['plane-i', plane.i], ['plane-j', plane.j]]) {
    byId(id).max = String(layer.num_vectors - 1);
    byId(id).value = String(value);
  }
};

const startPlanes = () => {
  byId('map-measure').addEventListener('change', (event) => {
    mapChosen.measure = event.target.value;
    show();
  });
  byId('map-order').addEventListener('change', (event) => {
    mapChosen.order = event.target.value;
    show();
  });
  for (const id of ['plane-i', 'plane-j']) {
    byId(id).addEventListener('change', () => {
      const [i, j] = ['plane-i', 'plane-j'].map((one) => Number(byId(one).value));
      if (Number.isInteger(i) && Number.isInteger(j)) choosePlane(i, j);
    });
  }
};
startPlanes();
