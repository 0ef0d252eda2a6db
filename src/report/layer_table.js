// One row a layer: what tells at a glance which of them to look at.

const svg = (width, height, label) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('width', width);
  made.setAttribute('height', height);
  made.setAttribute('viewBox', `0 0 ${width} ${height}`);
  if (label) {
    made.setAttribute('role', 'img');
    made.setAttribute('aria-label', label);
  } else {
    made.setAttribute('aria-hidden', 'true');
  }
  return made;
};
const shape = (parent, tag, attributes) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.appendChild(made);
};

const alignmentBar = (a4, largest) => {
  const width = 80;
  const made = svg(width, 18);
  const half = width / 2;
  if (a4 !== null) {
    const length = (Math.abs(a4) / largest) * half;
    const fill = a4 < 0 ? 'var(--below)' : 'var(--mean)';
    shape(made, 'rect', {x: a4 < 0 ? half - length : half, y: 4, width: length, height: 10, style: `fill: ${fill}`});
  }
  shape(made, 'path', {d: `M${half} 0V18`, style: 'stroke: var(--ink-soft)'});
  return made;
};

const sparkline = (layer, curves) => {
  const width = 200;
  const height = 26;
  const mean = closed(holisticMean(layer, curves));
  const top = Math.max(...mean);
  const made = svg(width, height, `Holistic curve with its highest value at ${percent(top)}`);
  for (const quarter of [0, 0.25, 0.5, 0.75, 1]) {
    const x = Math.min(Math.max(quarter * width, 0.5), width - 0.5);
    shape(made, 'path', {d: `M${x} 0V${height}`, style: 'stroke: var(--rule)'});
  }
  const points = mean.map((value, k) => {
    const y = height - 2 - (value / top) * (height - 4);
    return `${((k / (mean.length - 1)) * width).toFixed(1)},${y.toFixed(1)}`;
  });
  shape(made, 'polyline', {points: points.join(' '), style: 'fill: none; stroke: var(--mean); stroke-width: 1.5'});
  return made;
};

const skipped = (layer) => {
  const parts = [];
  if (layer.num_samples_zero_norm > 0) parts.push(`${whole(layer.num_samples_zero_norm)} zero`);
  if (layer.num_samples_nonfinite > 0) parts.push(`${whole(layer.num_samples_nonfinite)} not finite`);
  if (layer.num_samples_skipped > 0) parts.push(`${whole(layer.num_samples_skipped)} skipped`);
  return parts.join(', ');
};

const fillLayerTable = (layers, epsilonIndex, choose) => {
  const body = document.querySelector('#layers tbody');
  // The bars share one scale, and are never blown up so far that chance looks like something.
  const largest = Math.max(0.1, ...layers.map((layer) => Math.abs(layer.a4 ?? 0)));
  body.replaceChildren();
  body.closest('.scroll').classList.toggle('tall', layers.length > 14);
  layers.forEach((layer, index) => {
    const e = epsilonIndex(layer);
    const curves = layer.curves[e];
    const row = element('tr');
    const name = element('td');
    const button = element('button', layer.name);
    button.type = 'button';
    button.title = layer.name;
    name.append(button);
    const samples = element('td', whole(layer.num_samples_seen), 'number');
    if (skipped(layer)) samples.append(element('small', skipped(layer)));
    const bar = element('td');
    bar.append(alignmentBar(layer.a4, largest));
    const curve = element('td');
    if (layer.num_samples_seen === 0)
      curve.append(element('span', 'no samples', 'quiet'));
    else if (layer.num_planes_summed === 0)
      curve.append(element('span', 'no planes', 'quiet'));
    else if (isFlatZero(layer, curves))
      curve.append(element('span', `no sample inside at \u03b5 = ${layer.epsilon[e]}`, 'quiet'));
    else
      curve.append(sparkline(layer, curves));
    row.append(
        name, element('td', score(layer.a4), 'number'), bar, curve, element('td', score(layer.c4[e]), 'number'),
        element('td', whole(layer.dim), 'number'), samples);
    row.addEventListener('click', () => choose(index));
    body.append(row);
  });
};

const markChosenRow = (chosenIndex) => {
  document.querySelectorAll('#layers tbody tr').forEach((row, index) => {
    row.classList.toggle('chosen', index === chosenIndex);
    row.querySelector('button').setAttribute('aria-pressed', String(index === chosenIndex));
  });
};
