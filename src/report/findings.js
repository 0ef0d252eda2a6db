// What a layer's tests say, and which of its basis vectors stand for one class.

const significance = (q) => (q >= 0.001 ? q.toFixed(3) : q.toExponential(1)).replace('-', '\u2212');

const neuronRow = (neuron) => {
  const row = element('tr');
  const samples = neuron.nearest.map((near) => near.position === 0 ? near.sample : `${near.sample}:${near.position}`);
  row.append(
      element('td', minus(neuron.side + neuron.vector)), element('td', String(neuron.class), 'number'),
      element('td', whole(neuron.count), 'number'), element('td', percent(neuron.purity), 'number'),
      element('td', percent(neuron.recall), 'number'), element('td', neuron.lift.toFixed(2), 'number'),
      element('td', significance(neuron.q), 'number'), element('td', samples.join(' ')));
  return row;
};

const neuronTable = (neurons) => {
  const table = element('table');
  const head = element('tr');
  for (const name of ['Neuron', 'Class', 'Count', 'Purity', 'Recall', 'Lift', 'q', 'Nearest samples']) {
    const cell = element('th', name, name === 'Neuron' || name === 'Nearest samples' ? undefined : 'number');
    cell.scope = 'col';
    head.append(cell);
  }
  table.createTHead().append(head);
  table.createTBody().append(...neurons.map(neuronRow));
  return table;
};

const neuronParts = (neurons, epsilonOfPage) => {
  const found = neurons.by_epsilon.find((part) => part.epsilon === epsilonOfPage) ?? neurons.by_epsilon[0];
  const list = found.grandmother_neurons;
  const rule = neurons.rule;
  if (neurons.num_labelled === 0) {
    return [element(
        'p', 'No sample has a label. The samples nearest to each basis vector are in neurons.csv.', 'quiet')];
  }
  const heading = `${plural(list.length, 'grandmother neuron', 'grandmother neurons')} among ${
      whole(2 * neurons.num_vectors)} signed vectors at \u03b5 = ${minus(String(found.epsilon))}`;
  const note = `A basis vector or its opposite with at least ${
      whole(rule.min_count)} labelled samples inside its cone, of which ${
      percent(
          rule.min_purity)} or more are of one class, beyond chance (q at most ${rule.max_q}). All are in neurons.csv.`;
  const parts = [element('h3', heading), element('p', note, 'quiet')];
  if (list.length > 0) {
    const scroll = element('div', undefined, 'scroll tall');
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', heading);
    scroll.append(neuronTable(list));
    parts.push(scroll);
  }
  return parts;
};

const fillFindings = (layer, epsilon) => {
  byId('verdict').hidden = layer.tests === undefined;
  byId('verdict').textContent = layer.tests === undefined ? '' : layer.tests.verdict;
  byId('neurons').replaceChildren(...(layer.neurons === undefined ? [] : neuronParts(layer.neurons, epsilon)));
};
