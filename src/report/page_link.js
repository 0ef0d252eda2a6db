// The address of the page says what is chosen: #layer=encoder.0&epsilon=0.4&plane=3,7

const linkText = (text) =>
    encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%2C', ',').replaceAll('%3A', ':');

const linkOf = (layer, e) => {
  const parts = [['layer', layer.name]];
  if (data.results.length > 1) parts.push(['result', data.results[layer.result].name]);
  if (layer.epsilon.length > 1) parts.push(['epsilon', String(layer.epsilon[e])]);
  if (chosen.kind !== 'positive') parts.push(['curve', chosen.kind]);
  if (chosen.plane !== null) parts.push(['plane', `${chosen.plane.i},${chosen.plane.j}`]);
  return '#' + parts.map(([key, value]) => `${key}=${linkText(value)}`).join('&');
};

const linkParts = (hash) => {
  const found = new Map();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const [key, ...value] = part.split('=');
    try {
      if (value.length > 0) found.set(key, decodeURIComponent(value.join('=')));
    } catch {
      // A link that somebody cut short says less, and nothing wrong.
    }
  }
  return found;
};

// Takes over what the address says; what it does not say, or says wrongly, stays. Whether it said anything.
const followLink = (hash) => {
  const parts = linkParts(hash);
  const result = data.results.findIndex((one) => one.name === parts.get('result'));
  const isMeant = (layer) => layer.name === parts.get('layer') && (result < 0 || layer.result === result);
  const layer = data.layers.find((one) => one.group === '' && isMeant(one));
  if (layer) chosen.layer = data.layers.indexOf(layer);
  if (layer) chosen.plane = null;
  const now = data.layers[chosen.layer];
  const epsilon = Number(parts.get('epsilon') || NaN);
  if (Number.isFinite(epsilon)) {
    const distances = now.epsilon.map((one) => Math.abs(one - epsilon));
    chosen.epsilon = distances.indexOf(Math.min(...distances));
  }
  if (Object.hasOwn(kCurveWords, parts.get('curve') ?? '')) chosen.kind = parts.get('curve');
  const plane = /^(\d+),(\d+)$/.exec(parts.get('plane') ?? '');
  if (plane && Number(plane[1]) !== Number(plane[2]) && Math.max(plane[1], plane[2]) < now.num_vectors) {
    chosen.plane = planeOfCell(now, Number(plane[1]), Number(plane[2]));
  }
  return {isLink: layer !== undefined, section: plane ? 'planes' : 'layer'};
};
