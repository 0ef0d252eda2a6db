// The figure of all layers: A4 with its null, C4, and each holistic curve as a row of colours.

const kMostStripColumns = 120;
const kStripLimit = 2;  // factors beyond 4 and below 1/4 look alike

// The curve relative to its own mean, each value the mean of neighbouring angles.
const stripRow = (layer, columns) => {
  const mean = holisticMean(layer, layer.curves[epsilonIndex(layer)]);
  const whole = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  if (!(whole > 0)) return new Array(columns).fill(null);
  return Array.from({length: columns}, (unused, c) => {
    const part = mean.slice(
        Math.floor((c * mean.length) / columns),
        Math.max(Math.floor(((c + 1) * mean.length) / columns), Math.floor((c * mean.length) / columns) + 1));
    return part.reduce((sum, value) => sum + value, 0) / part.length / whole;
  });
};

const verdictStyles = (colour) => ({
  aligned: {name: 'aligned', symbol: 'circle', color: colour.mean},
  diagonal: {name: 'diagonal', symbol: 'diamond', color: colour.isotropic},
  'none beyond chance': {name: 'none beyond chance', symbol: 'circle-open', color: colour.soft},
  untested: {name: 'not tested', symbol: 'square-open', color: colour.soft}
});

// Dots by verdict, each verdict a trace: colour and shape tell the same.
const scoreTraces = (layers, scoreOf, errorOf, axis, styles) => Object.entries(styles).flatMap(([verdict, style]) => {
  const rows = layers.map((layer, row) => ({layer, row}))
                   .filter(({layer}) => (layer.tests?.alignment ?? 'untested') === verdict && scoreOf(layer) !== null);
  if (rows.length === 0) return [];
  return [{
    name: style.name,
    legendgroup: style.name,
    showlegend: axis === 'x',
    mode: 'markers',
    xaxis: axis,
    x: rows.map(({layer}) => scoreOf(layer)),
    y: rows.map(({row}) => row),
    customdata: rows.map(({layer}) => asPlotlyText(overviewName(layer))),
    error_x: {
      type: 'data',
      array: rows.map(({layer}) => errorOf(layer) ?? 0),
      visible: rows.some(({layer}) => errorOf(layer) !== null),
      color: style.color,
      thickness: 1.5,
      width: 3
    },
    marker: {symbol: style.symbol, size: 9, color: style.color, line: {color: style.color, width: 1.5}},
    hovertemplate: `${axis === 'x' ? 'A4' : 'C4'} %{x:.3f}<extra>%{customdata}</extra>`
  }];
});

const nullTraces = (layers, nullOf, axis, colour) => {
  const tested = layers.map((layer, row) => ({null: nullOf(layer) ?? null, row})).filter((one) => one.null !== null);
  const ranges = tested.filter((one) => one.null.range[0] !== null);
  if (tested.length === 0) return [];
  return [
    {
      name: '95 % of random rotations',
      showlegend: axis === 'x',
      xaxis: axis,
      mode: 'lines',
      hoverinfo: 'skip',
      x: ranges.flatMap((one) => [...one.null.range, null]),
      y: ranges.flatMap((one) => [one.row, one.row, null]),
      line: {color: colour.range, width: 9}
    },
    {
      name: 'their mean',
      showlegend: axis === 'x',
      xaxis: axis,
      mode: 'markers',
      hovertemplate: 'mean of random rotations %{x:.3f}<extra></extra>',
      x: tested.map((one) => one.null.mean),
      y: tested.map((one) => one.row),
      marker: {symbol: 'line-ns-open', size: 9, color: colour.soft, line: {width: 1.5}}
    }
  ];
};

// C4 is tested at one epsilon, and where planes are.
const c4TestOf = (layer) => {
  const test = layer.tests?.c4;
  return test?.epsilon === layer.epsilon[epsilonIndex(layer)] ? test : null;
};

const stripTrace = (layers, colour, axis, narrow) => {
  const columns = Math.min(kMostStripColumns, ...layers.map((layer) => angles(layer).length));
  const ratios = layers.map((layer) => stripRow(layer, columns));
  const power = (ratio) => (ratio === null ? null : Math.max(Math.log2(ratio), -2 * kStripLimit));
  const z = ratios.map((row) => row.map(power));
  const largest = Math.max(0.1, ...z.flat().map(Math.abs));
  const limit = Math.min(kStripLimit, largest);
  const factor = (power) => `\u00d7${Number((2 ** power).toPrecision(2))}`;
  return {
    type: 'heatmap',
    xaxis: axis,
    x0: 180 / columns,
    dx: 360 / columns,
    z,
    zmin: -limit,
    zmax: limit,
    xgap: 0,
    ygap: layers.length > 60 ? 0 : 1,
    colorscale: [[0, colour.less], [0.5, colour.even], [1, colour.more]],
    hoverongaps: false,
    customdata: ratios.map(
        (row, k) => row.map(
            (ratio) => [asPlotlyText(overviewName(layers[k])), ratio === null ? '' : Number(ratio.toPrecision(3))])),
    hovertemplate: '%{x:.3~g}\u00b0: %{customdata[1]} times its mean<extra>%{customdata[0]}</extra>',
    colorbar: {
      orientation: 'h',
      thickness: 10,
      len: 0.3,
      x: 1,
      xanchor: 'right',
      y: 0,
      yanchor: 'top',
      ypad: 8,
      tickangle: 0,
      tickvals: narrow ? [-limit, limit] : [-limit, 0, limit],
      ticktext: narrow ? [factor(-limit), factor(limit)] : [factor(-limit), 'its mean', factor(limit)],
      outlinewidth: 0
    }
  };
};

// With room around the widest bar, and 0 always there.
const scoreRange = (layers, of) => {
  const shown = layers.flatMap((layer) => {
    const [value, error] = [of.score(layer) ?? 0, of.error(layer) ?? 0];
    return [...(of.null(layer)?.range ?? []), value - error, value + error, 0];
  });
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const room = 0.06 * Math.max(high - low, 0.02);
  return [low - room, high + room];
};
const drawnScores = {
  a4: {score: (layer) => layer.a4, error: (layer) => layer.a4_error, null: (layer) => layer.tests?.null},
  c4: {
    score: (layer) => layer.c4[epsilonIndex(layer)],
    error: (layer) => c4TestOf(layer)?.standard_error ?? null,
    null: (layer) => c4TestOf(layer)?.null
  }
};

const isNarrowStrip = () => byId('strip').clientWidth < 640;

const hasC4InStrip = (layers) =>
    !isNarrowStrip() && layers.some((layer) => layer.c4[epsilonIndex(layer)] !== null);

const drawStrip = (layers) => {
  const colour = colours();
  const narrow = isNarrowStrip();
  const names = shortNames(layers.map(overviewName), narrow ? 15 : 37);
  const nameWidth = Math.max(...names.map((name) => name.length)) * (narrow ? 6.7 : 7.4);
  const rowHeight = layers.length > 40 ? 14 : layers.length > 15 ? 20 : 26;
  const top = 70;
  const bottom = narrow ? 150 : 84;
  const height = top + bottom + Math.max(layers.length, 2) * rowHeight;
  byId('strip').style.height = `${height}px`;
  byId('strip').dataset.paperHeight = String(height);
  const hasC4 = hasC4InStrip(layers);
  const domains = hasC4 ? [[0, 0.31], [0.33, 0.48], [0.5, 1]] : [[0, 0.42], [0, 0.001], [0.46, 1]];
  const axis = {...curveAxis(colour), side: 'top', automargin: false, nticks: narrow ? 3 : 5};
  const zero = {zeroline: true, zerolinecolor: colour.soft, zerolinewidth: 1};
  const styles = verdictStyles(colour);
  const {a4, c4} = drawnScores;
  Plotly.react(
      'strip',
      [
        ...nullTraces(layers, a4.null, 'x', colour),
        ...(hasC4 ? nullTraces(layers, c4.null, 'x2', colour) : []),
        ...scoreTraces(layers, a4.score, a4.error, 'x', styles),
        ...(hasC4 ? scoreTraces(layers, c4.score, c4.error, 'x2', styles) : []),
        stripTrace(layers, colour, 'x3', narrow)
      ],
      {
        paper_bgcolor: colour.page,
        plot_bgcolor: colour.page,
        font: pageFont(colour, narrow),
        height,
        margin: {l: Math.max(nameWidth + 8, 60), r: 24, t: top, b: bottom},
        hovermode: 'closest',
        dragmode: false,
        legend:
            {orientation: 'h', traceorder: 'normal', x: 0, xanchor: 'left', y: 0, yref: 'container', yanchor: 'bottom'},
        xaxis: {...axis, ...zero, domain: domains[0], range: scoreRange(layers, a4), title: {text: 'A4', standoff: 4}},
        xaxis2: {
          ...axis,
          ...zero,
          domain: domains[1],
          visible: hasC4,
          nticks: 4,
          range: scoreRange(layers, c4),
          title: {text: 'C4', standoff: 4}
        },
        xaxis3: {
          ...axis,
          domain: domains[2],
          range: [0, 360],
          showgrid: false,
          tickvals: [0, 90, 180, 270, 360],
          ticktext: ['0\u00b0', '90\u00b0', '180\u00b0', '270\u00b0', '360\u00b0'],
          title: {text: narrow ? 'Curve' : 'Holistic curve, relative to its mean', standoff: 4}
        },
        yaxis: {
          range: [layers.length - 0.5, -0.5],
          tickvals: layers.map((unused, row) => row),
          ticktext: names.map(asPlotlyText),
          tickfont:
              {size: Math.min(rowHeight - 3, narrow ? 11 : 12), family: 'ui-monospace, "DejaVu Sans Mono", monospace'},
          gridcolor: colour.rule,
          ticks: '',
          zeroline: false,
          fixedrange: true
        }
      },
      chartConfig());
};

const stripRows = (layers) => ({
  columns: [
    'layer', 'result', 'a4', 'a4_error', 'a4_null_mean', 'a4_null_low', 'a4_null_high', 'epsilon', 'c4', 'c4_error',
    'c4_null_mean', 'c4_null_low', 'c4_null_high', 'angle_deg', 'mean'
  ],
  rows: layers.flatMap((layer) => {
    const e = epsilonIndex(layer);
    const mean = holisticMean(layer, layer.curves[e]);
    const numbersOf = (test) => [test?.mean, test?.range[0], test?.range[1]];
    const c4 = c4TestOf(layer);
    const same = [
      layer.address, data.results[layer.result].name, layer.a4, layer.a4_error, ...numbersOf(layer.tests?.null),
      layer.epsilon[e], layer.c4[e], c4?.standard_error, ...numbersOf(c4?.null)
    ];
    return angles(layer).map((angle, k) => [...same, angle, mean[k]]);
  })
});
