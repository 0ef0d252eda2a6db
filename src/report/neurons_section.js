// Which signed basis vectors of the chosen layer stand for one class, with the samples nearest to them.

const kMostLetters = 90;  // of a text; the whole of it is told where it is pointed at

const sampleWords = (near) => {
  const place = near.position === 0 ? '' : `, position ${near.position}`;
  return `sample ${near.sample}${place}${near.label < 0 ? '' : `, class ${near.label}`}`;
};
const sampleNumber = (near) => (near.position === 0 ? String(near.sample) : `${near.sample}:${near.position}`);

// Brightest where the numbers are highest.
const thumbnail = ({height, width, shades}, words) => {
  const canvas = element('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', words);
  canvas.title = words;
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  unpacked(shades).forEach((shade, k) => image.data.set([shade, shade, shade, 255], 4 * k));
  context.putImageData(image, 0, 0);
  return canvas;
};

const sampleItem = (near) => {
  const item = element('li');
  const known = data.samples[near.sample];
  const words = `${sampleWords(near)}, cosine ${near.cosine}`;
  item.title = words;
  if (known?.picture) item.append(thumbnail(known.picture, sampleWords(near)));
  item.append(element('span', sampleNumber(near) + (near.label < 0 ? '' : ` (${near.label})`)));
  if (known?.text !== undefined) {
    const letters = [...known.text];
    const text = element('span', letters.length > kMostLetters ? `${letters.slice(0, kMostLetters).join('')}\u2026` : known.text, 'text');
    text.title = known.text;
    item.append(' ', text);
  }
  return item;
};

// A sample with several rows among the nearest is shown once where it is drawn or told.
const nearestSamples = (nearest) => {
  const isShown = nearest.some((near) => data.samples[near.sample] !== undefined);
  if (!isShown) return element('span', nearest.map(sampleNumber).join(' '));
  const seen = new Set();
  const once = nearest.filter((near) => !seen.has(near.sample) && seen.add(near.sample));
  const hasTexts = once.some((near) => data.samples[near.sample]?.text !== undefined);
  const list = element('ul', undefined, hasTexts ? 'samples of-texts' : 'samples');
  list.append(...once.map(sampleItem));
  return list;
};

const shareText = (share) => (share === null ? '\u2013' : percent(share));
const kNeuronColumns = {
  Class: (neuron) => (neuron.class < 0 ? '\u2013' : String(neuron.class)),
  Count: (neuron) => whole(neuron.count),
  Purity: (neuron) => shareText(neuron.purity),
  Recall: (neuron) => shareText(neuron.recall),
  Lift: (neuron) => (neuron.lift === null ? '\u2013' : neuron.lift.toFixed(2)),
  q: (neuron) => significance(neuron.q)
};

// Where there is no room beside the numbers, the samples of a neuron are a row of their own.
const neuronTable = (neurons, isLabelled, isNarrow) => {
  const columns = Object.entries(kNeuronColumns).filter(([name]) => isLabelled || name === 'Count');
  const names = ['Neuron', ...columns.map(([name]) => name), ...(isNarrow ? [] : ['Nearest samples'])];
  const table = headedTable(names, ['Neuron', 'Nearest samples']);
  table.createTBody().append(...neurons.flatMap((neuron) => {
    const row = element('tr');
    const nearest = element('td');
    nearest.append(nearestSamples(neuron.nearest));
    row.append(
        element('td', minus(neuron.side + neuron.vector)),
        ...columns.map(([, textOf]) => element('td', textOf(neuron), 'number')));
    if (!isNarrow) {
      row.append(nearest);
      return [row];
    }
    const below = element('tr', undefined, 'below');
    nearest.colSpan = names.length;
    below.append(nearest);
    return [row, below];
  }));
  return table;
};

const neuronWords = (neurons, part) => {
  const signed = `${whole(2 * neurons.num_vectors)} signed vectors ${atEpsilon(part.epsilon)}`;
  if (neurons.num_labelled === 0) {
    return `No sample has a label, so none can stand for a class. These ${part.closest.length} of ${signed} have most rows inside.`;
  }
  if (part.num_found === 0) {
    return `No grandmother neuron among ${signed}. These came nearest to the rule.`;
  }
  const shown = part.grandmother_neurons.length;
  return `${plural(part.num_found, 'grandmother neuron', 'grandmother neurons')} among ${signed}` +
      (shown < part.num_found ? `, the purest ${shown} of which are here; neurons.csv has all.` : '.');
};

const neuronRows = (list) => ({
  columns: ['vector', 'side', 'class', 'count', 'purity', 'recall', 'lift', 'p', 'q', 'nearest'],
  rows: list.map((one) => [
    one.vector, one.side, one.class, one.count, one.purity, one.recall, one.lift, one.p, one.q,
    one.nearest.map(sampleNumber).join(' ')])
});

const fillNeurons = (layer, e) => {
  const {neurons} = layer;
  byId('neurons-table').hidden = byId('neurons-rule').hidden = neurons === undefined;
  byId('neurons').querySelector(':scope > .exports')?.remove();
  if (neurons === undefined) {
    byId('neurons-words').textContent = 'Neurons were not counted. With the class of each sample they are: ' +
        'torchsrm observe \u2026 --labels FILE tells which signed basis vectors hold one class almost alone.';
    return;
  }
  const part = neurons.by_epsilon.find((one) => one.epsilon === layer.epsilon[e]) ?? neurons.by_epsilon[0];
  const list = part.num_found > 0 ? part.grandmother_neurons : part.closest;
  const {rule} = neurons;
  byId('neurons-words').textContent = neuronWords(neurons, part);
  byId('neurons-rule').hidden = neurons.num_labelled === 0;
  byId('neurons-rule').textContent = `The rule: a basis vector or its opposite with at least ${
      whole(rule.min_count)} labelled samples inside its cone, of which ${
      percent(rule.min_purity)} or more are of one class, beyond chance (q at most ${rule.max_q}).`;
  byId('neurons-table').replaceChildren(neuronTable(list, neurons.num_labelled > 0, byId('neurons').clientWidth < 620));
  addExports(byId('neurons'), null, () => `neurons of ${layer.name}`, () => neuronRows(list));
};
