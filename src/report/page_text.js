// How the page says things. Names come from models and files: they enter it as text nodes alone, and never Plotly,
// which reads markup.

const byId = (id) => document.getElementById(id);

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const whole = (count) => count.toLocaleString('en-US');
const minus = (text) => text.replace('-', '\u2212');
const score = (value) => {
  if (value === null) return '\u2013';
  const text = value.toFixed(3);
  return Number(text) === 0 ? '0.000' : minus(text);
};
const percent = (fraction) => {
  if (fraction === 0) return '0%';
  const value = fraction * 100;
  return (Math.abs(value) >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1)) + '%';
};
// The numbers in one text, as packed_numbers.h writes them. They may be beyond 32 bits.
const unpacked = (text) => {
  const numbers = [];
  let number = 0;
  let value = 0;
  let place = 1;
  for (let k = 0; k < text.length; ++k) {
    const code = text.charCodeAt(k);
    const digit = code - 35 - (code > 60 ? 1 : 0) - (code > 92 ? 1 : 0);
    value += (digit % 45) * place;
    place *= 45;
    if (digit >= 45) continue;
    number += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    numbers.push(number);
    value = 0;
    place = 1;
  }
  return numbers;
};
const shortEpsilon = (epsilon) => minus(String(Number(epsilon.toPrecision(4))));
const plural = (count, one, many) => whole(count) + ' ' + (count === 1 ? one : many);

const isFlatZero = (layer, curves) =>
    layer.num_planes_summed > 0 && curves.holistic_counts.every((count) => count === 0);

const holisticMean = (layer, curves) => {
  const divisor = layer.num_samples_seen * layer.num_planes_summed;
  return curves.holistic_counts.map((count) => (divisor === 0 ? 0 : count / divisor));
};
const angles = (layer) => {
  const degrees = [];
  for (let k = 0; k < layer.num_distinct_angles; k += layer.angle_step) {
    degrees.push((360 * k) / layer.num_distinct_angles);
  }
  return degrees;
};
const closed = (values, last) => values.concat([last === undefined ? values[0] : last]);

// A table with its head; columns hold numbers but for those of `texts`.
const headedTable = (names, texts) => {
  const table = element('table');
  const head = element('tr');
  for (const name of names) {
    const cell = element('th', name, texts.includes(name) ? undefined : 'number');
    cell.scope = 'col';
    head.append(cell);
  }
  table.createTHead().append(head);
  return table;
};
