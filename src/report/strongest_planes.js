// The table of the strongest planes of the chosen layer.

const strongestByHits = (layer, e, most) => {
  const map = planeMap(layer);
  const shares = hitShares(layer, map, e);
  if (!shares) return [];
  const planes = [];
  map.vectors.forEach((i, a) => map.vectors.slice(a + 1).forEach((j, b) => {
    const hits = shares.counts[pairPlace(map, a, a + 1 + b)];
    if (hits !== null) planes.push({i, j, hit_rate: hits / Math.max(shares.of, 1)});
  }));
  return planes.sort((a, b) => b.hit_rate - a.hit_rate).slice(0, most);
};

const strongestTable = (layer, e) => {
  const tests = layer.tests?.planes;
  const list = tests ? tests.strongest : strongestByHits(layer, e, 10);
  if (list.length === 0) return [];
  const columns = tests ?
      [['c4', (one) => score(one.c4)], ['p', (one) => significance(one.p_c4)], ['q', (one) => significance(one.q_c4)],
       [`Hits ${atEpsilon(tests.epsilon)}`, (one) => percent(one.hit_rate)], ['q of hits', (one) => significance(one.q_hit_rate)]] :
      [[`Hits ${atEpsilon(layer.epsilon[e])}`, (one) => percent(one.hit_rate)]];
  const table = headedTable(['Plane', ...columns.map(([name]) => name)], ['Plane']);
  table.createTBody().append(...list.map((one) => {
    const row = element('tr');
    const button = element('button', `(${one.i}, ${one.j})`);
    button.type = 'button';
    const name = element('td');
    name.append(button);
    row.append(name, ...columns.map(([, textOf]) => element('td', textOf(one), 'number')));
    row.addEventListener('click', () => choosePlane(one.i, one.j));
    return row;
  }));
  const words = tests ?
      `Of ${whole(tests.num_planes_tested)} planes ${whole(tests.num_c4_bh)} are significant by c4 and ` +
          `${whole(tests.num_hit_rate_bh)} by hit rate (false discovery rate 5 %). Where one vector hardly takes part, rows lie ` +
          'along the other and c4 is near 1: look at the hits and the curve, too.' :
      'Planes were not tested one by one; these have most hits.';
  const scroll = element('div', undefined, 'scroll');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', 'Strongest planes');
  scroll.append(table);
  return [element('h3', 'Strongest planes'), element('p', words, 'quiet'), scroll];
};

// Whoever goes through the table by keyboard stays where they are.
const fillStrongest = (layer, e) => {
  const box = byId('strongest-planes');
  const focused = box.contains(document.activeElement) ? document.activeElement.textContent : null;
  box.replaceChildren(...strongestTable(layer, e));
  if (focused === null) return;
  [...box.querySelectorAll('button')].find((button) => button.textContent === focused)?.focus({preventScroll: true});
};
