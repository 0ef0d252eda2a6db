// The page of the experiment. Everything it says comes from the data as text nodes.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const minus = (text) => text.replace('+-', '\u00b1').replaceAll('-', '\u2212');
const number = (value, digits) => (value === null ? '\u2013' : minus(value.toFixed(digits)));
const range = (values, digits) => {
  const cell = element('td', values === null ? '' : number(values.median, digits), 'number');
  if (values !== null && values.min !== values.max) {
    cell.append(element('small', `${number(values.min, digits)} to ${number(values.max, digits)}`));
  }
  return cell;
};
const distinct = (values) => [...new Set(values)];
const widths = distinct(data.cases.map((one) => one.width));

const fillTable = () => {
  const rows = [];
  let group = '';
  for (const row of data.table) {
    const name = `${row.network}, width ${row.width}`;
    if (name !== group) {
      const heading = element('tr', undefined, 'group');
      const cell = element('th', name);
      cell.colSpan = 11;
      cell.scope = 'rowgroup';
      heading.append(cell);
      rows.push(heading);
      group = name;
    }
    const line = element('tr');
    line.append(
        element('td', row.stage), element('td', row.place), element('td', row.basis), range(row.a4, 3),
        range(row.z, 1), element('td', `${row.num_significant} of ${row.num_seeds}`, 'number'), range(row.m1_z, 1),
        range(row.m1c_z, 1), range(row.match, 2), element('td', row.match === null ? '' : number(row.chance, 2), 'number'),
        range(row.halves_agreement, 2));
    rows.push(line);
  }
  byId('table').tBodies[0].replaceChildren(...rows);
};

const fillExpectations = () => {
  byId('expectations').tBodies[0].replaceChildren(...data.expectations.map((one) => {
    const line = element('tr');
    line.append(
        element('td', one.holds ? 'holds' : 'DIFFERS', one.holds ? '' : 'differs'), element('td', one.network),
        element('td', one.claim),
        element('td', minus(one.expected) + (one.kind === 'figure' ? ' in an earlier implementation' : '')),
        element('td', minus(one.measured)));
    return line;
  }));
};

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue('--' + name).trim();
  return {page: colour('page'), ink: colour('ink'), soft: colour('ink-soft'), rule: colour('rule'),
    after: colour('mean'), before: colour('isotropic'), band: colour('plane')};
};

// Four marks a network, each with its seeds side by side.
const series = [
  {stage: 'untrained', place: 'before', offset: -0.3, hollow: true},
  {stage: 'trained', place: 'before', offset: -0.1, hollow: false},
  {stage: 'untrained', place: 'after', offset: 0.1, hollow: true},
  {stage: 'trained', place: 'after', offset: 0.3, hollow: false}
];

const pointsOf = (cases, names, basis, one) => {
  const points = {x: [], y: [], low: [], high: [], text: []};
  for (const result of cases) {
    const here = result.scores.filter((score) => score.stage === one.stage && score.place === one.place);
    // Where no function acts, the standard basis stands in for the acting one.
    const score = here.find((other) => other.basis === basis) || here.find((other) => other.basis === 'standard');
    const seeds = cases.filter((other) => other.network === result.network).map((other) => other.seed);
    const step = 0.14 / Math.max(seeds.length - 1, 1);
    const shift = (seeds.indexOf(result.seed) - (seeds.length - 1) / 2) * step;
    points.x.push(names.indexOf(result.network) + one.offset + shift);
    points.y.push(score.a4);
    points.low.push(score.haar.mean - 2 * score.haar.std_dev);
    points.high.push(score.haar.mean + 2 * score.haar.std_dev);
    points.text.push(
        `${result.network}, seed ${result.seed}, ${one.stage}, ${one.place}: ` +
        `A4 ${number(score.a4, 4)}, z ${number(score.haar.z, 1)}, p ${score.haar.p.toPrecision(2)}`);
  }
  return points;
};

const traces = (cases, names, basis, colour) => {
  const bands = {
    name: 'Haar rotations, mean \u00b1 2 standard deviations',
    x: [], y: [], mode: 'lines', connectgaps: false, hoverinfo: 'skip', line: {color: colour.band, width: 7}
  };
  const marks = series.map((one) => {
    const points = pointsOf(cases, names, basis, one);
    points.x.forEach((x, k) => {
      bands.x.push(x, x, null);
      bands.y.push(points.low[k], points.high[k], null);
    });
    const ink = one.place === 'before' ? colour.before : colour.after;
    const shape = one.place === 'before' ? 'diamond' : 'circle';
    return {
      name: `${one.place}, ${one.stage}`,
      x: points.x, y: points.y, text: points.text, mode: 'markers', hovertemplate: '%{text}<extra></extra>',
      marker: {symbol: one.hollow ? shape + '-open' : shape, size: 8, color: ink}
    };
  });
  return [bands, ...marks];
};

const draw = () => {
  const basis = byId('basis-chooser').value;
  const width = Number(byId('width-chooser').value);
  const cases = data.cases.filter((one) => one.width === width);
  const names = distinct(cases.map((one) => one.network));
  const colour = colours();
  const narrow = byId('chart').clientWidth < 560;
  const axis = {gridcolor: colour.rule, zerolinecolor: colour.soft, linecolor: colour.soft, automargin: true};
  Plotly.react(
      'chart', traces(cases, names, basis, colour), {
        paper_bgcolor: colour.page,
        plot_bgcolor: colour.page,
        font: {family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 13, color: colour.ink},
        margin: {l: narrow ? 44 : 70, r: 12, t: narrow ? 110 : 64, b: 60},
        hovermode: 'closest',
        legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom'},
        xaxis: {...axis, tickvals: names.map((_, k) => k), ticktext: names, range: [-0.5, names.length - 0.5], zeroline: false},
        yaxis: {...axis, title: {text: narrow ? '' : 'A4'}, tickformat: '.2f'},
      },
      {
        responsive: true,
        displaylogo: false,
        displayModeBar: narrow ? false : 'hover',
        modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d', 'sendChartToCloud'],
        toImageButtonOptions: {format: 'svg', filename: 'activation-basis'}
      });
  const chosen = byId('basis-chooser').selectedOptions[0].textContent;
  byId('caption').textContent =
      `Each mark is one seed's network of width ${width}, before or after the bottleneck's function; basis: ${chosen}. ` +
      'The grey bar behind it is where random rotations of the basis put A4 on the same activations.' +
      (basis.startsWith('learned') ? ' Learning finds an extreme in any data: being off the bar shows nothing here.' : '');
};

const start = () => {
  const seeds = distinct(data.cases.map((one) => one.seed)).length;
  byId('summary').textContent =
      `${data.cases.length} ${data.cases.length === 1 ? 'network' : 'networks'}, from ${seeds} ` +
      `${seeds === 1 ? 'seed' : 'seeds'}, trained on 1,347 digits and measured on 450 others.`;
  byId('conclusion').textContent = data.conclusion;
  byId('width-label').hidden = widths.length < 2;
  byId('width-chooser').replaceChildren(...widths.map((width) => {
    const option = element('option', String(width));
    option.value = String(width);
    return option;
  }));
  const settings = [
    ['epochs', data.settings.epochs], ['rotations of each null', data.settings.rotations],
    ['seeds', distinct(data.cases.map((one) => one.seed)).join(', ')], ['torchsrm', data.version]
  ];
  byId('settings')
      .replaceChildren(...settings.flatMap(([name, value]) => [element('dt', name), element('dd', String(value))]));
  fillTable();
  fillExpectations();
  byId('basis-chooser').addEventListener('change', draw);
  byId('width-chooser').addEventListener('change', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
};

start();
