// The figure of a pair of layers: both holistic curves above, their difference with its error below.

const curveTraces = (layer, curve, colour) => {
  const style = getComputedStyle(document.documentElement);
  const other = style.getPropertyValue('--other').trim();
  const green = style.getPropertyValue('--difference').trim();
  const band = style.getPropertyValue('--difference-band').trim();
  const x = curve.a.map((unused, k) => (360 * k * curve.angle_step) / curve.num_angles).concat([360]);
  const a = closed(curve.a);
  const b = closed(curve.b);
  const letter = letterOf(layer);
  const line = (name, y, line, yaxis, legendrank) => ({
    name, x, y, mode: 'lines', line, yaxis, legendrank, hovertemplate: `%{x:.4~g}\u00b0: %{y:.3~p}<extra>${name}</extra>`
  });
  const made = [
    line('A', a, {color: colour.mean, width: 2.5}, 'y2', 1),
    line(letter, b, {color: other, width: 2.5, dash: 'dash'}, 'y2', 2)
  ];
  if (curve.isotropic_rate !== null) {
    made.push({
      ...line('evenly spread directions', [curve.isotropic_rate, curve.isotropic_rate],
              {color: colour.soft, width: 1.5, dash: 'dot'}, 'y2', 3),
      x: [0, 360]
    });
  }
  const difference = b.map((value, k) => value - a[k]);
  const edges = (errors, name, legendrank) => {
    const half = closed(errors).map((error) => kNormal95 * error);
    const edge = {x, mode: 'lines', line: {width: 0}, hoverinfo: 'skip', yaxis: 'y'};
    made.push({...edge, y: difference.map((value, k) => value - half[k]), showlegend: false}, {
      ...edge, y: difference.map((value, k) => value + half[k]), fill: 'tonexty', fillcolor: band, name, legendrank
    });
  };
  if (curve.error_bound.length > 0) {
    edges(curve.error_bound, '95 % at most, any dependence', 6);
    edges(curve.error, '95 % at most, independent samples', 5);
  }
  made.push(line(`${letter} \u2212 A`, difference, {color: green, width: 2.5}, 'y', 4));
  if (curve.largest_difference !== null) {
    made.push({
      name: 'largest difference',
      x: [curve.largest_angle_deg],
      y: [curve.largest_difference],
      mode: 'markers',
      marker: {color: green, size: 9, symbol: 'diamond'},
      yaxis: 'y',
      showlegend: false,
      hovertemplate: '%{x:.4~g}\u00b0: %{y:.3~p}<extra>largest difference</extra>'
    });
  }
  return made;
};

const emptyWords = (layer, curve) => {
  if (curve === undefined) return 'No \u03b5 is in both: only A4 can be compared';
  if (curve.a.length === 0) return 'The curves cannot be compared: see the note above';
  if ([...curve.a, ...curve.b].every((value) => value === 0)) {
    return `No sample is inside on either side at \u03b5 = ${curve.epsilon}`;
  }
  return '';
};

const drawCurves = (layer, curve) => {
  const nothing = emptyWords(layer, curve);
  byId('nothing').hidden = nothing === '';
  byId('nothing').textContent = nothing;
  byId('chart').hidden = nothing !== '';
  byId('chart').setAttribute('aria-label', `Holistic curves of ${fullName(layer)} and their difference`);
  byId('figure').querySelector(':scope > .exports')?.remove();
  if (nothing !== '') return;
  const colour = colours();
  const narrow = byId('chart').clientWidth < 560;
  const title = (text, y) => ({
    text, x: 0, xref: 'paper', xanchor: 'left', y, yref: 'paper', yanchor: 'bottom', showarrow: false,
    font: {size: 13, color: colour.ink}
  });
  Plotly.react('chart', curveTraces(layer, curve, colour), panelLayout('chart', (axis) => ({
    margin: {l: narrow ? 48 : 70, r: narrow ? 12 : 20, t: narrow ? 150 : 90, b: 46},
    legend: {orientation: 'h', traceorder: 'normal', x: 0, xanchor: 'left', y: 1.06, yanchor: 'bottom'},
    xaxis: {...axis, ...angleAxis(layer), range: [0, 360], anchor: 'y'},
    yaxis: {...axis, domain: [0, 0.44], tickformat: '+~p', zeroline: true, zerolinecolor: colour.soft},
    yaxis2: {...axis, domain: [0.56, 1], tickformat: '~p', rangemode: 'tozero'},
    annotations: [
      title('<b>Holistic curves</b>, samples inside', 1), title(`<b>Difference</b> ${letterOf(layer)} \u2212 A`, 0.45)
    ]
  })), {...panelConfig, displayModeBar: narrow ? false : 'hover'});
  addExports(byId('figure'), 'chart', `Difference of ${fullName(layer)}`, () => ({
    columns: ['angle_deg', 'a', 'b', 'difference', 'error', 'error_bound'],
    rows: curve.a.map((value, k) => [
      (360 * k * curve.angle_step) / curve.num_angles, value, curve.b[k], curve.b[k] - value, curve.error[k],
      curve.error_bound[k]
    ])
  }));
};

const captionOf = (layer, curve) => {
  if (emptyWords(layer, curve) !== '') return '';
  const said = [`Fraction of samples inside the spotlight at \u03b5\u00a0=\u00a0${curve.epsilon}, mean over planes.`];
  said.push(`The largest difference is ${signedPercent(curve.largest_difference)} at ${
      Number(curve.largest_angle_deg.toPrecision(4))}\u00b0${
      curve.p_bound === null ? '.' : `: ${atMost('p', curve.p)} for independent samples, ${
          chance(curve.p_bound)} whatever their dependence, over all angles.`}`);
  if (curve.angle_step > 1) said.push(`Drawn at every ${curve.angle_step}th of ${whole(curve.num_angles)} angles.`);
  return said.join(' ');
};
