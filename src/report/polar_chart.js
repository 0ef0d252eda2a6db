// The holistic curve as it turns: the angle is the direction itself, the radius the fraction inside.

const polarAxis = (layer) => {
  const second = layer.is_orthogonal ? 'b<sub>j</sub>' : 'e<sub>2</sub>';
  const [quarter, threeQuarters] = layer.sense === 'natural' ? ['+', '\u2212'] : ['\u2212', '+'];
  return {
    tickvals: [0, 45, 90, 135, 180, 225, 270, 315],
    ticktext: [`+b<sub>i</sub>`, '', quarter + second, '', `\u2212b<sub>i</sub>`, '', threeQuarters + second, '']
  };
};

const asPolar = ({x, y, yaxis, ...trace}) => ({
  ...trace,
  type: 'scatterpolar',
  theta: x,
  r: y,
  showlegend: false,
  hovertemplate: trace.hovertemplate?.replace('%{x:', '%{theta:').replace('%{y:', '%{r:')
});

// How far from 0 the mean and the chosen plane go.
const polarReach = (layer, curves, kind, chosenPlane) => Math.max(
    ...curveOf(layer, curves, kind).mean.map(Math.abs),
    ...(chosenPlane === null ? [] : planeCurve(layer, chosenPlane, kind).map(Math.abs)), 1e-9);

// The mean, the line of even directions, the chosen plane and, when asked for, single planes; bands would hide the
// shape.
const polarTraces = (layer, curves, colour, kind, chosenPlane) => {
  const x = closed(angles(layer), 360);
  const {isotropic} = curveOf(layer, curves, kind);
  const made = [{
    ...asPolar(planesTrace(layer, curves, colour, kind, x)),
    name: 'single planes: click to show',
    showlegend: true,
    visible: 'legendonly'
  }];
  if (isotropic !== null) {
    const line = {color: colour.isotropic, width: 2, dash: 'dash'};
    made.push(asPolar({x, y: x.map(() => isotropic), mode: 'lines', line, hoverinfo: 'skip'}));
  }
  made.push(asPolar(meanLine(layer, curves, colour, kind)));
  if (chosenPlane !== null) made.push(asPolar(chosenPlaneTrace(layer, chosenPlane, colour, kind)));
  // Nothing to see, but room around the outermost line.
  const outermost = 1.1 * Math.max(polarReach(layer, curves, kind, chosenPlane), isotropic ?? 0);
  made.push(asPolar({x: [0], y: [outermost], mode: 'markers', marker: {opacity: 0}, hoverinfo: 'skip'}));
  return made;
};

const drawPolar = (id, layer, curves, kind, chosenPlane) => {
  const colour = colours();
  const narrow = byId(id).clientWidth < 420;
  const axis = {gridcolor: colour.rule, linecolor: colour.rule, tickfont: {color: colour.soft}};
  const largest = polarReach(layer, curves, kind, chosenPlane);
  // A signed curve runs around a circle of its own, which stands for 0.
  const radius = kind === 'signed' ? {range: [-1.6 * largest, 1.15 * largest]} : {rangemode: 'tozero'};
  Plotly.react(
      id, polarTraces(layer, curves, colour, kind, chosenPlane), {
        paper_bgcolor: colour.page,
        font: pageFont(colour, narrow),
        margin: {l: 36, r: 36, t: 44, b: 28},
        hovermode: 'closest',
        dragmode: false,
        legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1.08, yanchor: 'bottom'},
        polar: {
          bgcolor: colour.page,
          angularaxis:
              {...axis, ...polarAxis(layer), tickfont: {color: colour.ink}, direction: 'counterclockwise', rotation: 0},
          radialaxis: {...axis, ...radius, angle: 22.5, nticks: 4, tickformat: '~p'}
        }
      },
      chartConfig());
};
