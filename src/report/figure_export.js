// Takes a figure out of the page: drawn as on white paper, as SVG or PNG, and its numbers as CSV.

const kPaperWidth = 760;  // CSS pixels; a PNG has three times as many, 300 to the inch at 7.6 inches
const kPaperHeight = 480;
const kPaperScale = 3;

// The page's own colours are custom properties of :root, and `paper` is the class that keeps them light.
const colourNames = () => {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const names = rules.filter((rule) => rule.selectorText?.startsWith(':root')).flatMap((rule) => [...rule.style]);
  return [...new Set(names)].filter((name) => name.startsWith('--'));
};
const colourValues = (names) => {
  const style = getComputedStyle(document.documentElement);
  return names.map((name) => style.getPropertyValue(name).trim());
};
const onPaper = (work) => {
  const root = document.documentElement;
  const wasPaper = root.classList.contains('paper');
  root.classList.add('paper');
  try {
    return work();
  } finally {
    if (!wasPaper) root.classList.remove('paper');
  }
};

// The same figure with each of the page's colours as it is on paper. Numbers, which are most of it, are left alone.
const recoloured = (value, paperOf) => {
  if (typeof value === 'string') return paperOf.get(value) ?? value;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const isNumbers = value.length > 0 && value.every((one) => one === null || typeof one === 'number');
    return isNumbers ? value : value.map((one) => recoloured(one, paperOf));
  }
  return Object.fromEntries(
      Object.entries(value).filter(([key]) => !key.startsWith('_')).map(([key,
                                                                          one]) => [key, recoloured(one, paperOf)]));
};

const paperFigure = (chart) => {
  const names = colourNames();
  const here = colourValues(names);
  const paper = onPaper(() => colourValues(names));
  const paperOf = new Map(here.map((value, k) => [value, paper[k]]));
  const {data, layout} = recoloured({data: chart.data, layout: chart.layout}, paperOf);
  return {
    data: data.filter((trace) => trace.visible !== 'legendonly'),
    layout: {...layout, autosize: false, paper_bgcolor: '#ffffff', plot_bgcolor: '#ffffff'},
    config: {displayModeBar: false}
  };
};

const csvField = (value) => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csvText = ({columns, rows}) => [columns, ...rows].map((row) => row.map(csvField).join(',') + '\n').join('');

const fileName = (name, ending) =>
    `${name.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._]+/, '') || 'figure'}.${ending}`;

const saveBlob = (blob, name) => {
  const link = element('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};

// An SVG comes as text and a PNG as base64, each behind "data:...,".
const imageBlob = (url, format) => {
  const content = url.slice(url.indexOf(',') + 1);
  if (format === 'svg') return new Blob([decodeURIComponent(content)], {type: 'image/svg+xml'});
  return new Blob([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], {type: 'image/png'});
};

const saveImage = async (chartId, name, format) => {
  const chart = byId(chartId);
  // What has grown with the number of its rows keeps its height.
  const height = Math.max(kPaperHeight, Number(chart.dataset.paperHeight ?? 0));
  const url = await Plotly.toImage(
      paperFigure(chart), {format, width: kPaperWidth, height, scale: format === 'png' ? kPaperScale : 1});
  saveBlob(imageBlob(url, format), fileName(name, format));
};

// Puts SVG, PNG and CSV buttons at the end of a figure, in place of those that it had. `name`, text or a function that
// gives it, is what files are called and what a screen reader hears; rowsOf() is {columns: [...], rows: [[...], ...]}.
// Without a chart there is only CSV. A chart higher than a page says so in its data-paper-height.
const addExports = (figureElement, chartId, name, rowsOf) => {
  const nameNow = () => (typeof name === 'function' ? name() : name);
  const button = (format, save) => {
    const made = element('button', format);
    made.type = 'button';
    made.title = `Save as ${format}`;
    made.setAttribute('aria-label', `Save ${nameNow()} as ${format}`);
    made.addEventListener('click', save);
    return made;
  };
  const bar = element('div', undefined, 'exports');
  if (chartId !== null) {
    bar.append(
        button('SVG', () => saveImage(chartId, nameNow(), 'svg')),
        button('PNG', () => saveImage(chartId, nameNow(), 'png')));
  }
  bar.append(
      button('CSV', () => saveBlob(new Blob([csvText(rowsOf())], {type: 'text/csv'}), fileName(nameNow(), 'csv'))));
  figureElement.querySelector(':scope > .exports')?.remove();
  figureElement.append(bar);
};
