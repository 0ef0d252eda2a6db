// The figure of the chosen layer: the holistic curve above, the single planes below.

const curveAxis = (colour) => ({
  gridcolor: colour.rule,
  zerolinecolor: colour.rule,
  linecolor: colour.soft,
  ticks: 'outside',
  tickcolor: colour.soft,
  automargin: true
});
const panelTitle = (text, x, y, colour) => ({
  text,
  x,
  xref: 'paper',
  xanchor: 'left',
  y,
  yref: 'paper',
  yanchor: 'bottom',
  showarrow: false,
  font: {size: 13, color: colour.ink}
});
const pageFont = (colour, narrow) =>
    ({family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: colour.ink});
// Dragging zooms and a double click goes back; on a narrow screen dragging scrolls the page instead.
const chartConfig = () => ({responsive: true, displayModeBar: false});

// Says so in place of the chart where there is nothing to draw.
const sayEmpty = (layer, curves, epsilon) => {
  const nothing = emptyText(layer, curves, epsilon);
  byId('nothing').hidden = nothing === '';
  byId('nothing').textContent = nothing;
  byId('chart').hidden = nothing !== '';
  return nothing !== '';
};

const drawChart = (layer, curves, kind, chosenPlane) => {
  const colour = colours();
  const narrow = byId('chart').clientWidth < 560;
  const axis = curveAxis(colour);
  const title = {text: narrow ? '' : kCurveWords[kind].axis};
  const fraction = {
    ...axis,
    tickformat: '~p',
    title,
    ...(kind === 'signed' ? {zeroline: true, zerolinecolor: colour.soft} : {rangemode: 'tozero'})
  };
  const hasPlanes = planeCurves(layer, curves, kind).length > 0;
  Plotly.react(
      'chart', traces(layer, curves, colour, kind, chosenPlane), {
        paper_bgcolor: colour.page,
        plot_bgcolor: colour.page,
        font: pageFont(colour, narrow),
        margin: {l: narrow ? 44 : 70, r: narrow ? 12 : 20, t: narrow ? 118 : 88, b: 46},
        hovermode: 'closest',
        dragmode: narrow ? false : 'zoom',
        legend: {orientation: 'h', traceorder: 'normal', x: 0, xanchor: 'left', y: 1.06, yanchor: 'bottom'},
        xaxis: {...axis, ...angleAxis(layer), range: [0, 360], anchor: hasPlanes ? 'y' : 'y2'},
        yaxis: {...fraction, domain: hasPlanes ? [0, 0.43] : [0, 0.001], visible: hasPlanes},
        yaxis2: {...fraction, domain: hasPlanes ? [0.56, 1] : [0, 1]},
        annotations: [
          panelTitle(`<b>${kCurveWords[kind].title}</b>`, 0, 1, colour),
          ...(hasPlanes ? [panelTitle('<b>Single planes</b> and their mean', 0, 0.445, colour)] : [])
        ]
      },
      chartConfig());
};

// The numbers of the figure; planes in columns of their own.
const curveRows = (layer, curves, kind) => {
  const curve = curveOf(layer, curves, kind);
  const planes = planeCurves(layer, curves, kind);
  const lists = [
    ['mean', curve.mean], ['std_dev', curve.deviation], ['quantile_05', curve.low], ['quantile_95', curve.high],
    ...planes.map((plane) => [`plane_${plane.i}_${plane.j}`, planeCurve(layer, plane, kind)])
  ].filter(([, values]) => values !== null);
  return {
    columns: ['angle_deg', ...lists.map(([name]) => name)],
    rows: angles(layer).map((angle, k) => [angle, ...lists.map(([, values]) => values[k])])
  };
};

const chartCaption = (layer, curves, epsilon, kind) => {
  const said = [
    `Fraction of ${plural(layer.num_samples_seen, 'sample', 'samples')} inside the spotlight at \u03b5\u00a0=\u00a0` +
    `${shortEpsilon(epsilon)} as it turns through ${plural(layer.num_planes_summed, 'plane', 'planes')}.`
  ];
  if (kind === 'negative') said.push('Negative: f(\u03b8 + 180\u00b0), the samples in the opposite spotlight.');
  if (kind === 'signed') {
    said.push('Signed: f(\u03b8) \u2212 f(\u03b8 + 180\u00b0), above 0 where more samples lie ahead than behind.');
  }
  const hasAll = layer.num_planes === layer.num_planes_summed;
  if (curves.planes.length < layer.num_planes) {
    said.push(
        `Single planes: the ${curves.planes.length} with the highest peak, of ${whole(layer.num_planes)}` +
        (hasAll ? '; the mean and its band are over all of them.' : '.'));
  }
  if (!hasAll) {
    said.push(
        `Planes with a curve of their own: ${whole(layer.num_planes)} (${layer.plane_choice}). The mean is over all, ` +
        (curves.holistic_std === null ? 'and has no band.' : 'its band over those.'));
  }
  if (layer.angle_step > 1) {
    said.push(
        `Drawn at every ${layer.angle_step}th of ${whole(layer.num_distinct_angles)} angles; planes.csv uses all.`);
  }
  if (!layer.is_orthogonal) {
    said.push(
        'Where basis vectors are not orthogonal, e\u2082 is the part of b\u2c7c orthogonal to b\u1d62, normalised.');
  }
  if (curves.isotropic_rate === null) {
    said.push(
        'No line for evenly spread directions: the basis vectors keep their lengths, so each has its own threshold.');
  }
  return said.join(' ');
};
