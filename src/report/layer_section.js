// What the page tells of the chosen layer: verdict, curves, classes, bases, numbers.

const errorText = (error) => (error === null ? '\u2013' : error.toPrecision(2));
const verdictWords = {
  aligned: {mark: '\u25cf', word: 'Aligned', className: 'aligned'},
  diagonal: {mark: '\u25c6', word: 'Diagonal', className: 'diagonal'},
  'none beyond chance': {mark: '\u25cb', word: 'None beyond chance', className: 'none'},
  untested: {mark: '\u25a1', word: 'Not tested', className: 'none'}
};
const verdictOf = (layer) => verdictWords[layer.tests?.alignment ?? 'untested'];
const verdictBadge = (layer) => {
  const {mark, word, className} = verdictOf(layer);
  const badge = element('span', undefined, `verdict ${className}`);
  badge.append(element('span', mark, 'mark'), ` ${word}`);
  return badge;
};

const kMuchOfIt = 0.4;  // a share of the fourth powers that one vector has to itself

// What a verdict comes to, in the words of somebody who sees one for the first time.
const verdictInShort = (layer) => {
  const tests = layer.tests;
  if (tests === undefined) return 'No rows of this layer were tested against random rotations of the basis.';
  const p = `p = ${tests.p.toPrecision(2)}`;
  if (tests.alignment === 'none beyond chance') {
    const [below, above] = tests.critical_a4;
    const seen =
        below === null || above === null ? '' : ` One above ${score(above)} or below ${score(below)} would have been seen.`;
    return `A4 is within what random rotations of the basis give (${p}).${seen}`;
  }
  const where =
      tests.alignment === 'aligned' ? 'at the basis vectors' : 'on the diagonals, halfway between the basis vectors,';
  const name = tests.nonlinearity?.function;
  const beyond = {
    yes: `, and more than ${name} makes of any pre-activations`,
    no: `, but no more than ${name} makes of any pre-activations`,
    'M1 and M1c disagree': `; whether more than ${name} makes of any pre-activations, its two nulls disagree`
  }[tests.beyond_nonlinearity];
  const top = tests.top_shares[0];
  const carrier = top?.share >= kMuchOfIt ?
      ` Vector ${top.vectors[0]} alone carries ${percent(Number(top.share.toPrecision(2)))} of it.` :
      '';
  return `Activations gather ${where} more than around a random rotation of them (${p})${name ? beyond ?? '' : ''}.${
      carrier}`;
};

const fillVerdict = (layer) => {
  byId('verdict-word').replaceChildren(verdictBadge(layer));
  byId('verdict-words').textContent = verdictInShort(layer);
  byId('verdict').hidden = layer.tests === undefined;
  byId('verdict').textContent = layer.tests?.verdict ?? '';
};

const testFacts = (tests) => {
  if (tests === undefined) return [];
  const [low, high] = tests.null.range;
  const top = tests.top_shares[0];
  return [
    ['p of A4', tests.p.toPrecision(2), `${whole(tests.num_rotations)} Haar rotations`],
    [
      'A4 by chance', low === null ? '\u2013' : `${score(low)} to ${score(high)}`,
      low === null ? 'too few rotations' : '95 % of the rotations'
    ],
    ['Effective dimension', tests.effective_dimension.toPrecision(3)],
    ...(top === undefined ?
            [] :
            [['Carried by', `vector ${top.vectors.join(', ')}`, `${percent(top.share)} of the fourth powers`]])
  ];
};

const c4Note = (layer) => {
  const test = c4TestOf(layer);
  if (test === null) return '';
  const error = test.standard_error === null ? '' : `\u00b1 ${errorText(test.standard_error)} by blocks of rows`;
  return [error, test.p === null ? '' : `p = ${test.p.toPrecision(2)}`].filter((part) => part !== '').join(', ');
};

const fillFacts = (layer, e, curves) => {
  const epsilon = shortEpsilon(layer.epsilon[e]);
  const facts = [
    ['A4', score(layer.a4), layer.a4_error === null ? '' : `\u00b1 ${errorText(layer.a4_error)} by blocks of rows`],
    ...testFacts(layer.tests),
    [`C4 at \u03b5 = ${epsilon}`, score(layer.c4[e]), layer.c4[e] === null ? 'below 100 hits' : c4Note(layer)],
    [`Hits at \u03b5 = ${epsilon}`, whole(layer.scores.hits[e])],
    [
      'Evenly spread directions', curves.isotropic_rate === null ? '\u2013' : percent(curves.isotropic_rate),
      'would be inside'
    ],
    ['Samples seen', whole(layer.num_samples_seen), layer.centred ? 'centred: mean taken off' : 'not centred'],
    ['Zero rows', whole(layer.num_samples_zero_norm)],
    ['Rows with NaN or infinity', whole(layer.num_samples_nonfinite)],
    ['Rows skipped', whole(layer.num_samples_skipped), 'by a mask, sampling, a limit, a budget or a full queue'],
    ['Calls', whole(layer.num_calls)],
    ['Planes', whole(layer.num_planes_summed), `${layer.pairs}s`],
    ['Planes with a curve', whole(layer.num_planes), layer.plane_choice],
    ['Planes left out', whole(layer.num_planes_left_out), layer.num_planes_left_out ? 'parallel vectors' : ''],
    [
      'Basis', layer.basis_name,
      `${whole(layer.num_vectors)} vectors in ${plural(layer.dim, 'dimension', 'dimensions')}`
    ],
    ['Angles', whole(layer.num_angles), `${layer.grid} grid, ${layer.sense} sense`],
  ];
  byId('facts').replaceChildren(...facts.map(([term, value, note]) => {
    const box = element('div');
    const detail = element('dd', value);
    if (note) detail.append(element('br'), element('small', note));
    box.append(element('dt', term), detail);
    return box;
  }));
};

// One radio button for each kind of curve that the counts of this layer can give.
const fillKinds = (layer) => {
  const kinds = curveKinds(layer);
  if (!kinds.includes(chosen.kind)) chosen.kind = 'positive';
  const legend = element('legend', 'Curve');
  byId('kind-chooser').hidden = kinds.length < 2;
  byId('kind-chooser').replaceChildren(legend, ...kinds.map((kind) => {
    const label = element('label');
    const input = element('input');
    input.type = 'radio';
    input.name = 'kind';
    input.value = kind;
    input.checked = kind === chosen.kind;
    label.append(input, ` ${kind}`);
    return label;
  }));
};

// At a low epsilon the drawn curve of aligned samples is highest between the axes: the sign of C4 holds, not the peak.
const isDeceiving = (layer, e) => {
  const seen = layer.c4[e] ?? layer.a4;
  const said = {aligned: 1, diagonal: -1}[layer.tests?.alignment] ?? 0;
  return said * layer.s4[e] < 0 && said * seen > 0;
};

const chosenPlaneOf = (curves) => chosen.plane === null ?
    null :
    curves.planes.find((plane) => plane.i === chosen.plane.i && plane.j === chosen.plane.j) ?? null;

const fillLayer = (layer, e) => {
  const curves = layer.curves[e];
  const epsilon = layer.epsilon[e];
  byId('layer-heading').textContent = layer.name + (data.results.length > 1 ? ` \u2013 ${basisTitle(layer)}` : '');
  fillVerdict(layer);
  fillFacts(layer, e, curves);
  fillKinds(layer);
  const isEmpty = sayEmpty(layer, curves, epsilon);
  byId('layer-figures').hidden = isEmpty;
  if (isEmpty) return;
  const plane = chosenPlaneOf(curves);
  byId('caption').textContent = chartCaption(layer, curves, epsilon, chosen.kind);
  byId('chart').setAttribute('aria-label', `Holistic curve and single planes of layer ${layer.name}`);
  byId('polar').setAttribute('aria-label', `Holistic curve of layer ${layer.name} in polar coordinates`);
  byId('deceiving').hidden = chosen.kind === 'signed' || !isDeceiving(layer, e);
  byId('signed-polar').hidden = chosen.kind !== 'signed';
  drawChart(layer, curves, chosen.kind, plane);
  drawPolar('polar', layer, curves, chosen.kind, plane);
  const name = (what) => () => `${what} of ${layer.name} at epsilon ${epsilon}`;
  const rows = () => curveRows(layer, curves, chosen.kind);
  addExports(byId('curve-figure'), 'chart', name('holistic curve'), rows);
  addExports(byId('polar-figure'), 'polar', name('polar curve'), rows);
  fillClasses(layer, e, chosen.kind);
  fillBases(layer, chosen.kind);
};

const startLayer = () => {
  byId('kind-chooser').addEventListener('change', (event) => {
    chosen.kind = event.target.value;
    show();
    byId('kind-chooser').querySelector(`input[value=${chosen.kind}]`).focus();
  });
};
