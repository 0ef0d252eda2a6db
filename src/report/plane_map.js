// The numbers of a layer's planes one by one, and their map.

const kNoNumber = -1;

// What a layer's "plane_map" holds, as numbers or null: of each pair a < b of its vectors, at pairPlace().
const planeMap = (layer) => {
  const map = layer.plane_map;
  if (map === null || map.numbers) return map;
  const read = (text, to) => text && unpacked(text).map((value) => (value === kNoNumber ? null : to(value)));
  const same = (value) => value;
  map.numbers = {
    c4: read(map.c4, (value) => value / 1000 - 1),
    q_c4: read(map.q_c4, (value) => 10 ** (-value / 100)),
    q_hit_rate: read(map.q_hit_rate, (value) => 10 ** (-value / 100)),
    tested_hits: read(map.tested_hits, same),
    hits: map.hits && map.hits.map((text) => read(text, same))
  };
  for (const plane of map.curves) plane.counts = plane.counts.map(unpacked);
  return map;
};
const pairPlace = (map, a, b) => {
  const [low, high] = a < b ? [a, b] : [b, a];
  return (low * (2 * map.vectors.length - low - 1)) / 2 + high - low - 1;
};

// How many rows of a plane are inside: of all samples where planes were counted, else of the rows that were tested, which
// may be of more planes.
const hitShares = (layer, map, e) => {
  const {hits, tested_hits: tested} = map.numbers;
  const ofAll = hits && {counts: hits[e], of: layer.num_samples_seen, epsilon: layer.epsilon[e], rows: 'samples'};
  const ofTested = tested && {counts: tested, of: map.num_rows, epsilon: layer.tests.planes.epsilon, rows: 'tested rows'};
  const size = (shares) => (shares ? shares.counts.filter((count) => count !== null).length : -1);
  return size(ofTested) > size(ofAll) ? ofTested : ofAll;
};

const significance = (q) => (q >= 0.001 ? q.toFixed(3) : minus(q.toExponential(1)));
const logOf = (q) => -Math.log10(q);
const atEpsilon = (epsilon) => `at \u03b5 = ${shortEpsilon(epsilon)}`;

// What a map can be coloured by: `values` by pairPlace(), `limits` of the colours, `isDiverging` around 0.
const mapMeasures = (layer, e) => {
  const map = planeMap(layer);
  const {c4, q_c4: qC4, q_hit_rate: qHits} = map.numbers;
  const shares = hitShares(layer, map, e);
  const made = {};
  if (c4) {
    made.c4 = {name: 'c4', values: c4, isDiverging: true, format: (value) => score(value)};
    made.q_c4 = {
      name: 'significance of c4',
      values: qC4.map((q, p) => (q === null ? null : Math.sign(c4[p]) * logOf(q))),
      isDiverging: true,
      isLog: true,
      format: (value) => significance(10 ** -Math.abs(value))
    };
  }
  if (shares) {
    made.hits = {
      name: `hit rate ${atEpsilon(shares.epsilon)}`,
      values: shares.counts.map((count) => (count === null ? null : count / Math.max(shares.of, 1))),
      format: percent
    };
  }
  if (qHits) {
    made.q_hits = {
      name: `significance of the hit rate ${atEpsilon(layer.tests.planes.epsilon)}`,
      values: qHits.map((q) => (q === null ? null : logOf(q))),
      isLog: true,
      format: (value) => significance(10 ** -value)
    };
  }
  return made;
};

// Places in map.vectors, in the order in which rows and columns stand: a vector is as strong as its planes on average.
const mapOrder = (map, measure, order) => {
  const places = map.vectors.map((unused, a) => a);
  if (order !== 'strength') return places;
  const strength = places.map((a) => {
    const sizes = places.filter((b) => b !== a).map((b) => measure.values[pairPlace(map, a, b)]).filter((value) => value !== null);
    return sizes.length === 0 ? -1 : sizes.reduce((sum, value) => sum + Math.abs(value), 0) / sizes.length;
  });
  return places.sort((a, b) => strength[b] - strength[a] || a - b);
};

const mapColours = (measure) => {
  const colour = colours();
  const largest = Math.max(...measure.values.filter((value) => value !== null).map(Math.abs), 0);
  const limit = measure.isLog ? Math.max(largest, 2) : largest || 1;
  // Above 0 is aligned, below 0 diagonal, in the colours of the verdicts.
  if (measure.isDiverging) {
    return {zmin: -limit, zmax: limit, colorscale: [[0, colour.more], [0.5, colour.even], [1, colour.less]]};
  }
  return {zmin: 0, zmax: limit, colorscale: [[0, colour.even], [1, colour.mean]]};
};

const mapColourBar = (measure, {zmin, zmax}) => {
  const bar = {
    orientation: 'h', thickness: 10, len: 0.8, x: 0.5, y: 1.01, yanchor: 'bottom', outlinewidth: 0, nticks: 5,
    title: {text: measure.name, side: 'top'}
  };
  if (measure.isLog) {
    const powers = [...new Set([zmin, zmin / 2, 0, zmax / 2, zmax].map(Math.round))];
    return {...bar, tickvals: powers, ticktext: powers.map((power) => `q ${Number((10 ** -Math.abs(power)).toPrecision(1))}`)};
  }
  return measure.isDiverging ? bar : {...bar, tickformat: '~p'};
};

// `places`: what mapOrder() gives; `marked`: the two places in it of the chosen plane, or null.
const drawMap = (id, layer, measure, places, marked) => {
  const map = planeMap(layer);
  const names = places.map((a) => map.vectors[a]);
  const valueAt = (a, b) => (a === b ? null : measure.values[pairPlace(map, a, b)]);
  const z = places.map((a) => places.map((b) => valueAt(a, b)));
  const hover = places.map((a, row) => places.map((b, column) => {
    const value = z[row][column];
    const plane = planeOfCell(layer, map.vectors[a], map.vectors[b]);
    return a === b ? '' : `plane (${plane.i}, ${plane.j}): ${value === null ? 'no number' : measure.format(value)}`;
  }));
  const limits = mapColours(measure);
  const step = Math.ceil(names.length / 16);
  const ticks = {
    tickvals: names.map((unused, k) => k).filter((k) => k % step === 0),
    ticktext: names.filter((unused, k) => k % step === 0).map(String),
    showgrid: false,
    zeroline: false,
    fixedrange: true
  };
  const size = Math.min(byId(id).clientWidth, 620);
  byId(id).style.height = `${size + 56}px`;
  byId(id).dataset.paperHeight = '790';
  Plotly.react(
      id, [{
        type: 'heatmap',
        z,
        text: hover,
        ...limits,
        xgap: names.length > 40 ? 0 : 1,
        ygap: names.length > 40 ? 0 : 1,
        hoverongaps: false,
        hovertemplate: `%{text}<extra>${measure.name}</extra>`,
        colorbar: mapColourBar(measure, limits)
      }],
      panelLayout(id, (axis, colour) => ({
        margin: {l: 40, r: 12, t: 64, b: 44},
        plot_bgcolor: colour.range,  // of planes without a number
        xaxis: {...axis, ...ticks, title: {text: 'vector', standoff: 4}, constrain: 'domain'},
        yaxis: {...axis, ...ticks, range: [names.length - 0.5, -0.5], scaleanchor: 'x', constrain: 'domain'},
        shapes: marked === null ? [] : [marked, [...marked].reverse()].map(([row, column], k) => ({
          type: 'rect', x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5,
          line: {color: colour.ink, width: k === 0 ? 2.5 : 1}
        }))
      })),
      {...panelConfig, displayModeBar: false});
};

// Of two vectors of a cell the plane: in a basis whose planes are combinations the lower comes first.
const planeOfCell = (layer, first, second) => layer.pairs === 'permutation' || first < second ? {i: first, j: second} :
                                                                                               {i: second, j: first};

const mapRows = (layer, e) => {
  const map = planeMap(layer);
  const {c4, q_c4: qC4, q_hit_rate: qHits} = map.numbers;
  const shares = hitShares(layer, map, e);
  const columns = [
    ['c4', c4], ['q_c4', qC4], [`hits_at_${shares?.epsilon}`, shares?.counts],
    [`q_hit_rate_at_${layer.tests?.planes?.epsilon}`, qHits]
  ].filter(([, values]) => values);
  const rows = [];
  map.vectors.forEach((i, a) => map.vectors.slice(a + 1).forEach((j, b) => {
    const place = pairPlace(map, a, a + 1 + b);
    rows.push([i, j, ...columns.map(([, values]) => values[place])]);
  }));
  return {columns: ['i', 'j', ...columns.map(([name]) => name)], rows};
};
