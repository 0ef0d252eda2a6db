// One plane of the chosen layer: its numbers and its curve.

// The curve of a plane at one epsilon, where the page holds it.
const planeWithCurve = (layer, e, {i, j}) => {
  const isIt = (plane) => plane.i === i && plane.j === j;
  const drawn = layer.curves[e].planes.find(isIt);
  if (drawn) return drawn;
  const listed = planeMap(layer)?.curves.find(isIt);
  return listed ? {i, j, num_hits: listed.num_hits[e], counts: listed.counts[e]} : null;
};

const planeFacts = (layer, e, plane) => {
  const map = planeMap(layer);
  const a = map.vectors.indexOf(plane.i);
  const b = map.vectors.indexOf(plane.j);
  const at = (values) => (values && a >= 0 && b >= 0 && a !== b ? values[pairPlace(map, a, b)] : null);
  const listed = layer.tests?.planes?.strongest.find((one) => one.i === plane.i && one.j === plane.j);
  const {c4, q_c4: qC4, q_hit_rate: qHits, tested_hits: testedHits, hits} = map.numbers;
  const facts = [];
  const add = (name, value, format) => value !== null && value !== undefined && facts.push([name, format(value)]);
  add('c4', listed?.c4 ?? at(c4), score);
  add('p', listed?.p_c4, significance);
  add('q', listed?.q_c4 ?? at(qC4), significance);
  const counted = at(hits?.[e]) ?? planeWithCurve(layer, e, plane)?.num_hits;
  add(`hits ${atEpsilon(layer.epsilon[e])}`, counted, (count) => `${whole(count)} (${percent(count / Math.max(layer.num_samples_seen, 1))})`);
  if (layer.tests?.planes) {
    const tested = at(testedHits);
    add(`hits of tested rows ${atEpsilon(layer.tests.planes.epsilon)}`,
        listed?.hit_rate ?? (tested === null ? null : tested / map.num_rows), percent);
    add('q of these', listed?.q_hit_rate ?? at(qHits), significance);
  }
  if (facts.length > 0 && layer.epsilon[e] > 0 && layer.basis_lengths !== 'kept') {
    add('isotropic rows would hit', (1 - layer.epsilon[e] ** 2) ** ((layer.dim - 2) / 2), percent);
  }
  return facts;
};

const drawPlaneCurve = (id, layer, e, plane) => {
  const curves = layer.curves[e];
  const curve = curveOf(layer, curves, chosen.kind);
  const words = kCurveWords[chosen.kind];
  const x = closed(angles(layer), 360);
  const narrow = byId(id).clientWidth < 420;
  const hover = (name) => `%{x:.4~g}\u00b0: %{y:.3~p}<extra>${name}</extra>`;
  const colour = colours();
  const lines = [
    {
      name: `plane (${plane.i}, ${plane.j})`, x, y: closed(planeCurve(layer, plane, chosen.kind)), mode: 'lines',
      line: {color: colour.chosenLine, width: 2.5}, hovertemplate: hover('this plane')
    },
    {
      name: words.mean, x, y: closed(curve.mean), mode: 'lines',
      line: {color: colour.mean, width: 1.5}, hovertemplate: hover(words.mean)
    }
  ];
  if (curve.isotropic !== null) {
    lines.push({
      name: 'evenly spread directions', x: [0, 360], y: [curve.isotropic, curve.isotropic], mode: 'lines',
      line: {color: colour.isotropic, width: 2, dash: 'dash'}, hovertemplate: '%{y:.3~p}<extra>evenly spread directions</extra>'
    });
  }
  Plotly.react(
      id, lines, panelLayout(id, (axis) => ({
        showlegend: true,
        xaxis: {...axis, ...angleAxis(layer), range: [0, 360]},
        yaxis: {
          ...axis, tickformat: '~p', title: {text: narrow ? '' : words.axis},
          ...(chosen.kind === 'signed' ? {zeroline: true, zerolinecolor: colour.soft} : {rangemode: 'tozero'})
        }
      })),
      {...panelConfig, displayModeBar: false});
};

const whyNoCurve = (layer, e, plane) => {
  const name = `(${plane.i}, ${plane.j})`;
  if (plane.i === plane.j) return 'A plane is spanned by two different vectors.';
  if (Math.max(plane.i, plane.j) >= layer.num_vectors) return `This basis has vectors 0 to ${layer.num_vectors - 1}.`;
  if (!hasHalfTurn(layer) && chosen.kind !== 'positive') return 'Single planes are drawn on their positive side alone.';
  const hasCurve = layer.num_planes_summed > 0 && layer.num_planes === layer.num_planes_summed;
  if (hasCurve && layer.num_planes_left_out === 0) {
    return `The page has no room for the curve of plane ${name}; the result has it: torchsrm show RESULT --plane ${plane.i},${plane.j}`;
  }
  if (hasCurve) {
    return `The page has no curve of plane ${name}. Unless its vectors are parallel, which span no plane, the result has it: ` +
        `torchsrm show RESULT --plane ${plane.i},${plane.j}`;
  }
  return `The page has no curve of plane ${name}. The run counted ${whole(layer.num_planes)} planes on their own (${layer.plane_choice}): ` +
      `torchsrm show RESULT --plane ${plane.i},${plane.j} draws it where it is one of them, torchsrm observe \u2026 ` +
      `--planes ${plane.i},${plane.j} counts it.`;
};

const fillPlane = (layer, e, plane) => {
  byId('plane-heading').textContent = `Plane (${plane.i}, ${plane.j})`;
  byId('plane-facts').replaceChildren(...planeFacts(layer, e, plane).map(([term, value]) => {
    const pair = element('div');
    pair.append(element('dt', term), element('dd', value));
    return pair;
  }));
  const found = planeWithCurve(layer, e, plane);
  const isDrawn = found !== null && (hasHalfTurn(layer) || chosen.kind === 'positive');
  byId('plane-chart').hidden = byId('plane-caption').hidden = !isDrawn;
  byId('no-curve').hidden = isDrawn;
  if (!isDrawn) {
    byId('no-curve').textContent = whyNoCurve(layer, e, plane);
    byId('plane-figure').querySelector(':scope > .exports')?.remove();
    return;
  }
  const epsilon = layer.epsilon[e];
  byId('plane-chart').setAttribute('aria-label', `Curve of plane (${plane.i}, ${plane.j})`);
  byId('plane-caption').textContent = `The fraction of ${kCurveWords[chosen.kind].axis} ${atEpsilon(epsilon)}, by the angle from +b${plane.i}.`;
  drawPlaneCurve('plane-chart', layer, e, found);
  addExports(
      byId('plane-figure'), 'plane-chart', () => `plane ${plane.i} ${plane.j} of ${layer.name} at epsilon ${epsilon}`, () => {
        const f = planeCurve(layer, found, chosen.kind);
        const {mean} = curveOf(layer, layer.curves[e], chosen.kind);
        return {
          columns: ['angle_deg', `plane_${plane.i}_${plane.j}`, 'mean'],
          rows: angles(layer).map((angle, k) => [angle, f[k], mean[k]])
        };
      });
};
