// What is drawn of one layer at one epsilon: the holistic curve with its spread, and the single planes.

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue('--' + name).trim();
  return {
    page: colour('page'),
    ink: colour('ink'),
    soft: colour('ink-soft'),
    rule: colour('rule'),
    mean: colour('mean'),
    band: colour('band'),
    plane: colour('plane'),
    isotropic: colour('isotropic'),
    chosenLine: colour('chosen-line'),
    range: colour('range'),
    less: colour('less'),
    even: colour('even'),
    more: colour('more')
  };
};

const angleAxis = (layer) => {
  const second = layer.is_orthogonal ? 'b<sub>j</sub>' : 'e<sub>2</sub>';
  const [quarter, threeQuarters] = layer.sense === 'natural' ? ['+', '\u2212'] : ['\u2212', '+'];
  return {
    tickvals: [0, 90, 180, 270, 360],
    ticktext: [
      '0\u00b0<br>+b<sub>i</sub>', `90\u00b0<br>${quarter}${second}`, '180\u00b0<br>\u2212b<sub>i</sub>',
      `270\u00b0<br>${threeQuarters}${second}`, '360\u00b0<br>+b<sub>i</sub>'
    ]
  };
};

// f is the fraction inside the spotlight itself, its negative the fraction inside the opposite one, f(theta + 180), and
// the signed curve what f has more than its negative.
const kCurveWords = {
  positive: {mean: 'mean over planes', axis: 'samples inside', title: 'Holistic curve'},
  negative: {
    mean: 'mean over planes, opposite side',
    axis: 'samples inside opposite',
    title: 'Holistic curve of the opposite side'
  },
  signed: {mean: 'mean over planes, signed', axis: 'inside minus opposite', title: 'Signed holistic curve'}
};
const hasHalfTurn = (layer) => layer.num_distinct_angles % (2 * layer.angle_step) === 0;
const halfTurned = (values) => {
  const half = values.length / 2;
  return values.map((unused, k) => values[(k + half) % values.length]);
};
const ofKind = (values, kind) => {
  if (kind === 'positive') return values;
  const opposite = halfTurned(values);
  return kind === 'negative' ? opposite : values.map((value, k) => value - opposite[k]);
};
const curveKinds = (layer) =>
    Object.keys(kCurveWords)
        .filter((kind) => kind === 'positive' || hasHalfTurn(layer) || (kind === 'signed' && layer.signed));

// The holistic curve and what is drawn with it, in fractions of the samples; null for what there is none of.
const curveOf = (layer, curves, kind = 'positive') => {
  const fractions = (counts, divisor) => counts.map((count) => (divisor === 0 ? 0 : count / divisor));
  const ofSamples = (counts) => (counts ? fractions(counts, layer.num_samples_seen) : null);
  if (kind === 'signed') {
    const mean = curves.signed_counts ?
        fractions(curves.signed_counts, layer.num_samples_seen * layer.num_planes_summed) :
        ofKind(holisticMean(layer, curves), kind);
    return {
      mean,
      deviation: null,
      low: ofSamples(curves.signed_low),
      high: ofSamples(curves.signed_high),
      isotropic: curves.isotropic_rate === null ? null : 0
    };
  }
  const turned = (values) => (values ? ofKind(values, kind) : null);
  return {
    mean: turned(holisticMean(layer, curves)),
    deviation: turned(curves.holistic_std),
    low: turned(ofSamples(curves.low)),
    high: turned(ofSamples(curves.high)),
    isotropic: curves.isotropic_rate
  };
};

const planeCurve = (layer, plane, kind) =>
    ofKind(plane.counts.map((count) => (layer.num_samples_seen === 0 ? 0 : count / layer.num_samples_seen)), kind);
const planeCurves = (layer, curves, kind) => (kind === 'positive' || hasHalfTurn(layer) ? curves.planes : []);

// One trace with gaps, so that 64 planes cost the page no more than one.
const planesTrace = (layer, curves, colour, kind, x) => {
  const trace = {
    name: 'single planes',
    legendrank: 6,
    x: [],
    y: [],
    customdata: [],
    mode: 'lines',
    connectgaps: false,
    line: {color: colour.plane, width: 1},
    hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>plane %{customdata}</extra>'
  };
  for (const plane of planeCurves(layer, curves, kind)) {
    const label = `(${plane.i}, ${plane.j}), ${plural(plane.num_hits, 'hit', 'hits')}`;
    const f = closed(planeCurve(layer, plane, kind));
    for (let k = 0; k < f.length; ++k) {
      trace.x.push(x[k]);
      trace.y.push(f[k]);
      trace.customdata.push(label);
    }
    trace.x.push(null);
    trace.y.push(null);
    trace.customdata.push('');
  }
  return trace;
};

const chosenPlaneTrace = (layer, plane, colour, kind) => ({
  name: `plane (${plane.i}, ${plane.j})`,
  legendrank: 5,
  x: closed(angles(layer), 360),
  y: closed(planeCurve(layer, plane, kind)),
  mode: 'lines',
  line: {color: colour.chosenLine, width: 2},
  hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>the chosen plane</extra>'
});

const meanLine = (layer, curves, colour, kind) => ({
  name: kCurveWords[kind].mean,
  legendrank: 1,
  x: closed(angles(layer), 360),
  y: closed(curveOf(layer, curves, kind).mean),
  mode: 'lines',
  line: {color: colour.mean, width: 2.5},
  hovertemplate: `%{x:.4~g}\u00b0: %{y:.3~p}<extra>${kCurveWords[kind].mean}</extra>`
});

// The mean with what is drawn around it, on the second axis.
const holisticTraces = (layer, curves, colour, kind = 'positive') => {
  const curve = curveOf(layer, curves, kind);
  const line = meanLine(layer, curves, colour, kind);
  const {x, y: mean} = line;
  const edge = {x, mode: 'lines', line: {width: 0}, hoverinfo: 'skip', yaxis: 'y2'};
  const made = [];
  if (curve.deviation !== null) {
    const deviation = closed(curve.deviation);
    made.push({...edge, y: mean.map((value, k) => Math.max(0, value - deviation[k])), showlegend: false}, {
      ...edge,
      y: mean.map((value, k) => value + deviation[k]),
      fill: 'tonexty',
      fillcolor: colour.band,
      name: '\u00b1 one standard deviation',
      legendrank: 2
    });
  }
  if (curve.low !== null) {
    const bound =
        {x, mode: 'lines', line: {color: colour.mean, width: 1, dash: 'dot'}, yaxis: 'y2', legendgroup: 'quantiles'};
    const words = (share) => `%{x:.4~g}\u00b0: ${share} of planes have at most %{y:.3~p}<extra></extra>`;
    made.push(
        {...bound, y: closed(curve.low), name: '5 % to 95 % of planes', legendrank: 3, hovertemplate: words('5 %')},
        {...bound, y: closed(curve.high), showlegend: false, hovertemplate: words('95 %')});
  }
  made.push({...line, yaxis: 'y2'});
  if (curve.isotropic !== null) {
    made.push({
      name: 'evenly spread directions',
      legendrank: 4,
      x: [0, 360],
      y: [curve.isotropic, curve.isotropic],
      mode: 'lines',
      yaxis: 'y2',
      line: {color: colour.isotropic, width: 2, dash: 'dash'},
      hovertemplate: '%{y:.3~p}<extra>evenly spread directions</extra>'
    });
  }
  return made;
};

// The same, and on the first axis the single planes with their mean.
const traces = (layer, curves, colour, kind = 'positive', chosenPlane = null) => {
  const made = holisticTraces(layer, curves, colour, kind);
  made.push(
      planesTrace(layer, curves, colour, kind, closed(angles(layer), 360)),
      {...meanLine(layer, curves, colour, kind), showlegend: false});
  if (chosenPlane !== null) made.push(chosenPlaneTrace(layer, chosenPlane, colour, kind));
  return made;
};

const emptyText = (layer, curves, epsilon) => {
  if (layer.num_samples_seen === 0) return 'No samples were seen in this layer';
  if (layer.num_planes_summed === 0) return 'This basis spans no plane';
  if (isFlatZero(layer, curves)) return `No sample inside at \u03b5 = ${shortEpsilon(epsilon)}: lower --epsilon`;
  return '';
};
