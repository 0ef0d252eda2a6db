// Small figures of what aligned, diagonal and even directions look like, and how a low epsilon misleads: samples made
// up here, counted as the method counts.

// The same spread whenever the page is opened.
const evenNumbers = (count, seed) => Array.from({length: count}, (unused, k) => (((k + 1) * seed) % 1 + 1) % 1);
const kExampleSamples = 240;
const exampleSamples = (kind) => {
  const place = evenNumbers(kExampleSamples, 0.6180339887);
  const spread = evenNumbers(kExampleSamples, 0.7548776662);
  const radius = evenNumbers(kExampleSamples, 0.5698402910);
  return place.map((value, k) => {
    const quarter = Math.floor(value * 4) * 90;
    const near = 36 * (spread[k] - 0.5) * Math.abs(2 * spread[k] - 1);
    const phi = kind === 'even' ? 360 * value : quarter + (kind === 'diagonal' ? 45 : 0) + near;
    return {phi: (phi * Math.PI) / 180, r: 0.62 + 0.36 * radius[k]};
  });
};
const exampleCurve = (samples, epsilon) => Array.from({length: 181}, (unused, k) => {
  const theta = (2 * k * Math.PI) / 180;
  return samples.filter(({phi, r}) => r * Math.cos(theta - phi) >= epsilon).length / samples.length;
});

const examplePicture = (samples, label) => {
  const made = svg(120, 120, label);
  const centre = 60;
  const length = 54;
  shape(made, 'path', {d: `M${centre} 4V116M4 ${centre}H116`, style: 'stroke: var(--ink-soft)'});
  for (const {phi, r} of samples) {
    shape(made, 'circle', {
      cx: (centre + length * r * Math.cos(phi)).toFixed(1),
      cy: (centre - length * r * Math.sin(phi)).toFixed(1),
      r: 1.6,
      style: 'fill: var(--mean)'
    });
  }
  return made;
};
const exampleChart = (curve, label) => {
  const width = 200;
  const height = 92;
  const made = svg(width, height + 16, label);
  const top = Math.max(...curve);
  [0, 90, 180, 270, 360].forEach((angle, k) => {
    const x = Math.min(Math.max((angle / 360) * width, 0.5), width - 0.5);
    shape(made, 'path', {d: `M${x} 0V${height}`, style: 'stroke: var(--rule)'});
    const text = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    text.textContent = `${angle}\u00b0`;
    text.setAttribute('x', x);
    text.setAttribute('y', height + 13);
    text.setAttribute('text-anchor', k === 0 ? 'start' : k === 4 ? 'end' : 'middle');
    text.setAttribute('style', 'fill: var(--ink-soft); font-size: 10px');
    made.append(text);
  });
  const points = curve.map(
      (value, k) => `${((k / (curve.length - 1)) * width).toFixed(1)},${
          (height - 1 - (value / (top * 1.08)) * (height - 4)).toFixed(1)}`);
  shape(made, 'polyline', {points: points.join(' '), style: 'fill: none; stroke: var(--mean); stroke-width: 2'});
  return made;
};

const fillReading = () => {
  const shown = [
    ['Aligned', 'aligned', 0.7, 'Peaks at the axes.'], ['Diagonal', 'diagonal', 0.7, 'Peaks halfway between them.'],
    ['No preferred direction', 'even', 0.7, 'Flat, but for chance.'],
    ['Aligned, \u03b5 too low', 'aligned', 0.3, 'The samples of the first figure, peaks between the axes.']
  ];
  byId('examples').replaceChildren(...shown.map(([title, kind, epsilon, words]) => {
    const samples = exampleSamples(kind);
    const figure = element('figure', undefined, 'example');
    const caption = element('figcaption');
    caption.append(element('b', title), element('span', ` \u03b5 = ${epsilon}. ${words}`));
    const pictures = element('div');
    pictures.append(
        examplePicture(samples, `${title}: samples seen in a plane`),
        exampleChart(exampleCurve(samples, epsilon), `${title}: the curve at epsilon ${epsilon}`));
    figure.append(caption, pictures);
    return figure;
  }));
  byId('copy-bibtex').addEventListener('click', async () => {
    const range = document.createRange();
    range.selectNodeContents(byId('bibtex'));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(byId('bibtex').textContent);
      byId('copied').textContent = 'Copied.';
    } catch {
      byId('copied').textContent = 'Selected: copy it with the keyboard.';  // a file may not reach the clipboard
    }
  });
};
