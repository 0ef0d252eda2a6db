// The same layer in several results, as in several bases: small figures side by side with one scale.

const basesOf = (layer) => data.layers.filter((one) => one.address === layer.address && one.group === '');
const basisTitle = (layer) =>
    data.results.length > 1 ? `${data.results[layer.result].name}: ${layer.basis_name}` : layer.basis_name;

const drawBases = (id, layers, kind) => {
  const colour = colours();
  const narrow = byId(id).clientWidth < 560;
  const columns = Math.min(layers.length, narrow ? 1 : 3);
  const rows = Math.ceil(layers.length / columns);
  const axis = curveAxis(colour);
  const layout = {
    paper_bgcolor: colour.page,
    plot_bgcolor: colour.page,
    font: pageFont(colour, narrow),
    margin: {l: narrow ? 44 : 60, r: 12, t: 30, b: 46},
    showlegend: false,
    hovermode: 'closest',
    dragmode: narrow ? false : 'zoom',
    annotations: []
  };
  const made = [];
  const gap = {x: 0.035, y: 0.32 / rows};
  layers.forEach((layer, k) => {
    const e = epsilonIndex(layer);
    const name = k === 0 ? '' : String(k + 1);
    const column = k % columns;
    const row = Math.floor(k / columns);
    const width = (1 - gap.x * (columns - 1)) / columns;
    const height = (1 - gap.y * (rows - 1)) / rows;
    const left = column * (width + gap.x);
    const top = 1 - row * (height + gap.y);
    made.push(...holisticTraces(layer, layer.curves[e], colour, kind)
                  .map((trace) => ({...trace, xaxis: `x${name}`, yaxis: `y${name}`})));
    layout[`xaxis${name}`] =
        {...axis, ...angleAxis(layer), range: [0, 360], domain: [left, left + width], anchor: `y${name}`};
    layout[`yaxis${name}`] = {
      ...axis,
      tickformat: '~p',
      domain: [Math.max(0, top - height), top],
      anchor: `x${name}`,
      showticklabels: column === 0,
      ...(k > 0 ? {matches: 'y'} : {}),
      ...(kind === 'signed' ? {} : {rangemode: 'tozero'})
    };
    layout.annotations.push(
        panelTitle(`<b>${asPlotlyText(basisTitle(layer))}</b>  A4 ${score(layer.a4)}`, left, top, colour));
  });
  byId(id).style.height = `${rows * 260 + 60}px`;
  byId(id).dataset.paperHeight = String(rows * 260 + 60);
  Plotly.react(id, made, layout, chartConfig());
};

const basisRows = (layers, kind) => ({
  columns: ['result', 'basis', 'epsilon', 'angle_deg', 'mean'],
  rows: layers.flatMap((layer) => {
    const e = epsilonIndex(layer);
    const {mean} = curveOf(layer, layer.curves[e], kind);
    return angles(layer).map(
        (angle, k) => [data.results[layer.result].name, layer.basis_name, layer.epsilon[e], angle, mean[k]]);
  })
});

const fillBases = (layer, kind) => {
  const layers = basesOf(layer).filter((one) => curveKinds(one).includes(kind));
  byId('bases-figure').hidden = layers.length < 2;
  if (layers.length < 2) return;
  drawBases('bases', layers, kind);
  byId('bases').setAttribute('aria-label', `Holistic curve of ${layer.address} in ${layers.length} results`);
  addExports(
      byId('bases-figure'), 'bases', () => `${layer.address} in ${layers.length} results`,
      () => basisRows(layers, kind));
};
