// The figure of one layer at one epsilon: the holistic curve above, the single planes below.

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
    isotropic: colour('isotropic')
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

const traces = (layer, curves, colour) => {
  const x = closed(angles(layer), 360);
  const mean = closed(holisticMean(layer, curves));
  const line = {
    name: 'mean over planes',
    legendrank: 1,
    x,
    y: mean,
    mode: 'lines',
    line: {color: colour.mean, width: 2.5},
    hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>mean over planes</extra>'
  };
  const edge = {x, mode: 'lines', line: {width: 0}, hoverinfo: 'skip', yaxis: 'y2'};
  const made = [];
  if (curves.holistic_std !== null) {
    const deviation = closed(curves.holistic_std);
    made.push({...edge, y: mean.map((value, k) => Math.max(0, value - deviation[k])), showlegend: false}, {
      ...edge,
      y: mean.map((value, k) => value + deviation[k]),
      fill: 'tonexty',
      fillcolor: colour.band,
      name: '\u00b1 one standard deviation',
      legendrank: 2
    });
  }
  made.push({...line, yaxis: 'y2'});
  if (curves.isotropic_rate !== null) {
    made.push({
      name: 'evenly spread directions',
      legendrank: 3,
      x: [0, 360],
      y: [curves.isotropic_rate, curves.isotropic_rate],
      mode: 'lines',
      yaxis: 'y2',
      line: {color: colour.isotropic, width: 2, dash: 'dash'},
      hovertemplate: '%{y:.3~p}<extra>evenly spread directions</extra>'
    });
  }
  // One trace with gaps, so that 64 planes cost the page no more than one.
  const planes = {
    name: 'single planes',
    legendrank: 4,
    x: [],
    y: [],
    customdata: [],
    mode: 'lines',
    connectgaps: false,
    line: {color: colour.plane, width: 1},
    hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>plane %{customdata}</extra>'
  };
  for (const plane of curves.planes) {
    const label = `(${plane.i}, ${plane.j}), ${plural(plane.num_hits, 'hit', 'hits')}`;
    const f = closed(plane.counts.map((count) => (layer.num_samples_seen === 0 ? 0 : count / layer.num_samples_seen)));
    for (let k = 0; k < f.length; ++k) {
      planes.x.push(x[k]);
      planes.y.push(f[k]);
      planes.customdata.push(label);
    }
    planes.x.push(null);
    planes.y.push(null);
    planes.customdata.push('');
  }
  made.push(planes, {...line, showlegend: false});
  return made;
};

const emptyText = (layer, curves, epsilon) => {
  if (layer.num_samples_seen === 0) return 'No samples were seen in this layer';
  if (layer.num_planes_summed === 0) return 'This basis spans no plane';
  if (isFlatZero(layer, curves)) return `No sample inside at \u03b5 = ${epsilon}: lower --epsilon`;
  return '';
};

const drawChart = (layer, curves, epsilon) => {
  const nothing = emptyText(layer, curves, epsilon);
  byId('nothing').hidden = nothing === '';
  byId('nothing').textContent = nothing;
  byId('chart').hidden = nothing !== '';
  if (nothing) return;
  const colour = colours();
  const narrow = byId('chart').clientWidth < 560;
  const axis = {
    gridcolor: colour.rule,
    zerolinecolor: colour.rule,
    linecolor: colour.soft,
    ticks: 'outside',
    tickcolor: colour.soft,
    automargin: true
  };
  const fraction = {...axis, rangemode: 'tozero', tickformat: '~p', title: {text: narrow ? '' : 'samples inside'}};
  const panelTitle = (text, y) => ({
    text,
    x: 0,
    xref: 'paper',
    xanchor: 'left',
    y,
    yref: 'paper',
    yanchor: 'bottom',
    showarrow: false,
    font: {size: 13, color: colour.ink}
  });
  const annotations = [panelTitle('<b>Holistic curve</b>', 1), panelTitle('<b>Single planes</b> and their mean', 0.46)];
  Plotly.react(
      'chart', traces(layer, curves, colour), {
        paper_bgcolor: colour.page,
        plot_bgcolor: colour.page,
        font: {family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: colour.ink},
        margin: {l: narrow ? 44 : 70, r: narrow ? 12 : 20, t: narrow ? 84 : 70, b: 46},
        hovermode: 'closest',
        legend: {orientation: 'h', traceorder: 'normal', x: 0, xanchor: 'left', y: 1.06, yanchor: 'bottom'},
        xaxis: {...axis, ...angleAxis(layer), range: [0, 360], anchor: 'y'},
        yaxis: {...fraction, domain: [0, 0.45]},
        yaxis2: {...fraction, domain: [0.56, 1]},
        annotations,
      },
      {
        responsive: true,
        displaylogo: false,
        displayModeBar: narrow ? false : 'hover',
        modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d', 'sendChartToCloud'],
        toImageButtonOptions: {format: 'svg', filename: 'spotlight-resonance'}
      });
};

const chartCaption = (layer, curves, epsilon) => {
  const said = [
    `Fraction of ${plural(layer.num_samples_seen, 'sample', 'samples')} inside the spotlight at \u03b5\u00a0=\u00a0` +
    `${epsilon} as it turns through ${plural(layer.num_planes_summed, 'plane', 'planes')}.`
  ];
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
