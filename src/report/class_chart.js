// The holistic curves of single classes, one over the other.

const classesOf = (layer) =>
    data.layers.filter((one) => one.result === layer.result && one.address === layer.address && one.group !== '');

const drawClasses = (id, layer, e, kind) => {
  const x = closed(angles(layer), 360);
  const lineOf = (one, name, style) => ({
    name: asPlotlyText(name),
    x,
    y: closed(curveOf(one, one.curves[e], kind).mean),
    mode: 'lines',
    line: style,
    hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>%{fullData.name}</extra>'
  });
  const classes = classesOf(layer);
  const colour = colours();
  const lines = classes.map((one, k) => lineOf(one, one.group, {
                              color: lineColour(k),
                              dash: kDashes[Math.floor(k / kNumLineColours) % kDashes.length],
                              width: 1.6
                            }));
  Plotly.react(
      id, [...lines, lineOf(layer, 'all samples', {color: colour.ink, width: 3})],
      panelLayout(id, (axis) => ({
                        showlegend: true,
                        xaxis: {...axis, ...angleAxis(layer), range: [0, 360]},
                        yaxis: {
                          ...axis,
                          tickformat: '~p',
                          title: {text: byId(id).clientWidth < 420 ? '' : `${kCurveWords[kind].axis}, of each class`},
                          ...(kind === 'signed' ? {} : {rangemode: 'tozero'})
                        }
                      })),
      chartConfig());
};

const classRows = (layer, e, kind) => {
  const all = [layer, ...classesOf(layer)];
  const curves = all.map((one) => curveOf(one, one.curves[e], kind).mean);
  return {
    columns: ['angle_deg', 'all', ...classesOf(layer).map((one) => `class_${one.group}`)],
    rows: angles(layer).map((angle, k) => [angle, ...curves.map((curve) => curve[k])])
  };
};

const classTable = (layer, e) => {
  const table = element('table');
  const head = element('tr');
  for (const [index, name] of ['Class', 'Samples', 'A4', '\u00b1', `C4 at \u03b5 = ${shortEpsilon(layer.epsilon[e])}`]
           .entries()) {
    const cell = element('th', name, index > 0 ? 'number' : undefined);
    cell.scope = 'col';
    head.append(cell);
  }
  table.createTHead().append(head);
  table.createTBody().append(...classesOf(layer).map((one) => {
    const row = element('tr');
    const name = element('th', one.group);
    name.scope = 'row';
    row.append(
        name, element('td', whole(one.num_samples_seen), 'number'), element('td', score(one.a4), 'number'),
        element('td', errorText(one.a4_error), 'number'), element('td', score(one.c4[e]), 'number'));
    return row;
  }));
  return table;
};

const fillClasses = (layer, e, kind) => {
  const classes = classesOf(layer);
  byId('classes-figure').hidden = classes.length === 0;
  if (classes.length === 0) return;
  drawClasses('classes', layer, e, kind);
  byId('classes').setAttribute('aria-label', `Holistic curves of ${classes.length} classes in layer ${layer.name}`);
  byId('class-table').replaceChildren(classTable(layer, e));
  addExports(byId('classes-figure'), 'classes', () => `classes of ${layer.name}`, () => classRows(layer, e, kind));
};
