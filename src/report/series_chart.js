// Charts of one panel: a layer's holistic curve alone, and lines over time or steps.

// Okabe and Ito's colours, then the same again dashed.
const kNumLineColours = 7;
const lineColour = (index) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--line-${index % kNumLineColours + 1}`).trim();
const kDashes = ['solid', 'dash', 'dot', 'dashdot'];
const kMostLines = 28;
const kMostInLegend = 12;  // beyond, it would take the chart's place; a line tells its name where it is pointed at

// Plotly reads markup, and names come from a model.
const asPlotlyText = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const panelLayout = (id, more) => {
  const colour = colours();
  const narrow = byId(id).clientWidth < 420;
  const axis = {gridcolor: colour.rule, zerolinecolor: colour.rule, linecolor: colour.soft, automargin: true};
  return {
    paper_bgcolor: colour.page,
    plot_bgcolor: colour.page,
    font: {family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: colour.ink},
    margin: {l: 56, r: 28, t: 12, b: 46},
    hovermode: 'closest',
    modebar: {orientation: 'v', bgcolor: 'rgba(0, 0, 0, 0)'},
    legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom'},
    ...more(axis, colour)
  };
};
const panelConfig = {
  responsive: true,
  displaylogo: false,
  displayModeBar: 'hover',
  modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d', 'sendChartToCloud'],
  toImageButtonOptions: {format: 'svg', filename: 'spotlight-resonance'}
};

// `most` fixes the axis, so that the curves of several windows can be told apart by their height.
const drawHolistic = (id, nothingId, layer, e, most) => {
  const curves = layer.curves[e];
  const nothing = emptyText(layer, curves, layer.epsilon[e]);
  byId(nothingId).hidden = nothing === '';
  byId(nothingId).textContent = nothing;
  byId(id).hidden = nothing !== '';
  byId(id).setAttribute('aria-label', `Holistic curve of layer ${layer.name}`);
  if (nothing) return;
  const lines = traces(layer, curves, colours()).filter((trace) => trace.yaxis === 'y2');
  Plotly.react(
      id, lines.map((trace) => ({...trace, yaxis: 'y'})), panelLayout(id, (axis) => ({
        xaxis: {...axis, ...angleAxis(layer), range: [0, 360]},
        yaxis: {
          ...axis,
          tickformat: '~p',
          title: {text: 'rows inside'},
          ...(most === undefined ? {rangemode: 'tozero'} : {range: [0, most]})
        }
      })), panelConfig);
};

const holisticCaption = (layer, e) => {
  const error = layer.a4_error === null ? '' : ` \u00b1 ${layer.a4_error.toPrecision(1)}`;
  return `Fraction of ${plural(layer.num_samples_seen, 'row', 'rows')} inside the spotlight at \u03b5\u00a0=\u00a0` +
      `${Number(layer.epsilon[e].toPrecision(4))} as it turns, mean over ` +
      `${plural(layer.num_planes_summed, 'plane', 'planes')}. A4 ${score(layer.a4)}${error}` +
      (layer.p === null ? '.' : `, p ${layer.p.toPrecision(2)}.`);
};

// columns: {name, values}, as many as x; `marked`: one of the x, with a line through it.
const drawLines = (id, columns, x, {axis, chosen, hasZero, marked}) => {
  const isDrawn = (column, index) => index < kMostLines || column.name === chosen;
  const drawn = columns.filter(isDrawn);
  const left = columns.length - drawn.length;
  const lines = drawn.map((column, index) => ({
    name: asPlotlyText(column.name),
    x,
    y: column.values,
    mode: x.length === 1 ? 'markers' : 'lines',
    connectgaps: true,
    line: {
      color: lineColour(index),
      dash: kDashes[Math.floor(index / kNumLineColours) % kDashes.length],
      width: column.name === chosen ? 3 : 1.5
    },
    hovertemplate: '%{y:.4~g} at %{x:.6~g}<extra>%{fullData.name}</extra>'
  }));
  Plotly.react(
      id, lines, panelLayout(id, (style, colour) => ({
        showlegend: drawn.length <= kMostInLegend,
        xaxis: {
          ...style,
          title: {text: left > 0 ? `${axis} (${drawn.length} of ${columns.length} lines are drawn)` : axis},
          rangemode: 'tozero'
        },
        yaxis: {...style, ...(hasZero ? {rangemode: 'tozero', zeroline: true, zerolinecolor: colour.soft} : {zeroline: false})},
        shapes: marked === undefined ? [] : [{
          type: 'line', xref: 'x', yref: 'paper', x0: marked, x1: marked, y0: 0, y1: 1,
          line: {color: colour.soft, width: 1, dash: 'dot'}
        }]
      })), panelConfig);
};

const fillEpsilonChooser = (layer, e) => {
  byId('epsilon-label').hidden = layer.epsilon.length < 2;
  byId('epsilon-chooser').replaceChildren(...layer.epsilon.map((epsilon, index) => {
    const option = element('option', String(Number(epsilon.toPrecision(6))));
    option.value = String(index);
    return option;
  }));
  byId('epsilon-chooser').value = String(e);
};
