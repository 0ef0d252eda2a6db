// The points of one plane from above: how many there are beside isotropic rows, and those that were kept.

const kMostPower = 5;  // beyond 32 times as many, and below a 32nd, colours are the same

const densityOf = (layer, plane) => {
  const maps = layer.density_maps ?? [];
  const isIt = (map, i, j) => map.i === i && map.j === j;
  return maps.find((map) => isIt(map, plane.i, plane.j)) ?? maps.find((map) => isIt(map, plane.j, plane.i)) ?? null;
};

// How far from zero there are points, with a little more.
const extentOf = (reach, bins, countAt) => {
  const half = bins / 2;
  let most = 0;
  for (let v = 0; v < bins; ++v) {
    for (let u = 0; u < bins; ++u) {
      if (countAt(v, u) > 0) most = Math.max(most, Math.abs(u + 0.5 - half) + 0.5, Math.abs(v + 0.5 - half) + 0.5);
    }
  }
  return most === 0 ? reach : Math.min(1, (1.08 * most) / half) * reach;
};

const densityNumbers = (map) => {
  if (map.numbers) return map.numbers;
  const bins = map.num_bins;
  const half = bins / 2;
  const quarter = unpacked(map.isotropic).map((value) => value / 1000);
  const fromMiddle = (k) => (k < half ? half - 1 - k : k - half);
  const square = (valueAt) => Array.from({length: bins}, (unused, v) => Array.from({length: bins}, (none, u) => valueAt(v, u)));
  const counts = unpacked(map.counts);
  const coordinate = (value) => (value / 8192) * map.reach;
  map.numbers = {
    counts: square((v, u) => counts[v * bins + u]),
    isotropic: square((v, u) => quarter[fromMiddle(v) * half + fromMiddle(u)]),
    middles: Array.from({length: bins}, (unused, k) => ((k + 0.5 - half) / half) * map.reach),
    u: unpacked(map.u).map(coordinate),
    v: unpacked(map.v).map(coordinate),
    extent: extentOf(map.reach, bins, (v, u) => counts[v * bins + u]),
    sample: unpacked(map.sample),
    position: unpacked(map.position),
    label: unpacked(map.label)
  };
  return map.numbers;
};

const planeAxes = (layer, map, axis, narrow) => {
  const {extent} = densityNumbers(map);
  const range = [-extent, extent];
  const second = layer.is_orthogonal ? `b<sub>${map.j}</sub>` : 'e<sub>2</sub>';
  return {
    margin: {l: narrow ? 50 : 60, r: 12, t: 44, b: 50},
    xaxis: {...axis, range, title: {text: `along b<sub>${map.i}</sub>`}, constrain: 'domain', zeroline: true},
    yaxis: {...axis, range, title: {text: `along ${second}`}, scaleanchor: 'x', constrain: 'domain', zeroline: true}
  };
};

const drawDensity = (id, layer, map) => {
  const {counts, isotropic, middles} = densityNumbers(map);
  const power = (count, expected) =>
      Math.max(-kMostPower, Math.min(kMostPower, Math.log2((count + 0.5) / (expected + 0.5))));
  const z = counts.map((row, v) => row.map((count, u) => power(count, isotropic[v][u])));
  const limit = Math.max(1, ...z.flat().map((value) => Math.abs(value)));
  const colour = colours();
  const narrow = byId(id).clientWidth < 420;
  const factor = (value) => (value < 0 ? `1/${2 ** -value}` : `\u00d7${2 ** value}`);
  const powers = [-Math.floor(limit), 0, Math.floor(limit)];
  Plotly.react(
      id, [{
        type: 'heatmap',
        x: middles,
        y: middles,
        z,
        zmin: -limit,
        zmax: limit,
        colorscale: [[0, colour.less], [0.5, colour.even], [1, colour.more]],
        customdata: counts.map((row, v) => row.map((count, u) => [count, isotropic[v][u]])),
        hovertemplate: '%{customdata[0]} points, isotropic %{customdata[1]:.3~g}<extra></extra>',
        colorbar: {
          orientation: 'h', thickness: 10, len: 0.8, x: 0.5, y: 1.01, yanchor: 'bottom', outlinewidth: 0,
          tickvals: powers, ticktext: powers.map((value) => (value === 0 ? 'as isotropic' : factor(value)))
        }
      }],
      panelLayout(id, (axis) => planeAxes(layer, map, {...axis, showgrid: false}, narrow)),
      {...panelConfig, displayModeBar: false});
};

const kPointSymbols = ['circle', 'diamond', 'square', 'x', 'cross', 'triangle-up', 'star'];

// Points of a class have a colour and a shape of their own.
const drawPoints = (id, layer, map) => {
  const {u, v, sample, position, label} = densityNumbers(map);
  const colour = colours();
  const narrow = byId(id).clientWidth < 420;
  const classes = [...new Set(label)].sort((a, b) => a - b);
  const hasPositions = position.some((value) => value !== 0);
  const nameOf = (k) => `sample ${sample[k]}${hasPositions ? `, position ${position[k]}` : ''}` +
      (label[k] < 0 ? '' : `, class ${label[k]}`);
  const traces = classes.map((one, c) => {
    const places = label.map((unused, k) => k).filter((k) => label[k] === one);
    return {
      name: one < 0 ? 'no class' : `class ${one}`,
      mode: 'markers',
      x: places.map((k) => u[k]),
      y: places.map((k) => v[k]),
      text: places.map(nameOf),
      hovertemplate: '%{text}<extra></extra>',
      marker: {
        size: 5,
        opacity: 0.75,
        color: classes.length === 1 ? colour.mean : lineColour(c),
        symbol: kPointSymbols[Math.floor(c / kNumLineColours) % kPointSymbols.length]
      }
    };
  });
  Plotly.react(
      id, traces, panelLayout(id, (axis) => ({
        ...planeAxes(layer, map, axis, narrow),
        showlegend: classes.length > 1 && classes.length <= kMostInLegend
      })),
      {...panelConfig, displayModeBar: false});
};

const densityRows = (map) => {
  const {counts, isotropic, middles} = densityNumbers(map);
  return {
    columns: ['u', 'v', 'points', 'isotropic'],
    rows: middles.flatMap((v, row) => middles.map((u, column) => [u, v, counts[row][column], isotropic[row][column]]))
  };
};
const pointRows = (map) => {
  const {u, v, sample, position, label} = densityNumbers(map);
  return {
    columns: ['u', 'v', 'sample', 'position', 'class'],
    rows: u.map((value, k) => [value, v[k], sample[k], position[k], label[k] < 0 ? '' : label[k]])
  };
};

const otherDensities = (layer, shown) => {
  const maps = (layer.density_maps ?? []).filter((map) => map !== shown);
  byId('density-others').hidden = maps.length === 0;
  byId('density-others').replaceChildren(shown === null ? 'Planes with points: ' : 'Others: ', ...maps.map((map) => {
    const button = element('button', `(${map.i}, ${map.j})`);
    button.type = 'button';
    button.addEventListener('click', () => choosePlane(map.i, map.j));
    return button;
  }));
};

const fillDensity = (layer, plane) => {
  const map = densityOf(layer, plane);
  otherDensities(layer, map);
  byId('density-parts').hidden = map === null;
  const name = `(${plane.i}, ${plane.j})`;
  if (map === null) {
    byId('density-words').textContent =
        `The points of plane ${name} were not counted: torchsrm observe \u2026 --density ${plane.i},${plane.j} does.`;
    return;
  }
  const {epsilon, num_rows: numRows} = layer.densities;
  byId('density-words').textContent =
      `${plural(map.num_points, 'row', 'rows')} of ${whole(numRows)} have a part in plane (${map.i}, ${map.j}) of at least ` +
      `${shortEpsilon(epsilon)} of their length. They are drawn where they lie, at the length that they have.`;
  byId('density-caption').textContent = 'How many points there are beside what isotropic rows of the same length would leave ' +
      '(half a point added to both).' +
      (map.joined > 1 ? ` ${map.joined} \u00d7 ${map.joined} bins are drawn as one.` : '');
  const {u, position} = densityNumbers(map);
  byId('points-caption').textContent = u.length < map.num_points ?
      `${whole(u.length)} of the ${whole(map.num_points)} points, drawn by lot; point at one for its sample.` :
      'Every point; point at one for its sample.';
  byId('density').setAttribute('aria-label', `Points of plane (${map.i}, ${map.j}) from above, beside isotropic rows`);
  byId('points').setAttribute('aria-label', `${plural(u.length, 'point', 'points')} of plane (${map.i}, ${map.j})`);
  drawDensity('density', layer, map);
  drawPoints('points', layer, map);
  const file = (what) => () => `${what} of plane ${map.i} ${map.j} of ${layer.name}`;
  addExports(byId('density-figure'), 'density', file('density'), () => densityRows(map));
  addExports(byId('points-figure'), 'points', file('points'), () => pointRows(map));
};
