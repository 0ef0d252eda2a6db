// The holistic curve as it turns: the angle is the direction itself, the radius the fraction inside.

const polarAxis = (layer) => {
  const second = layer.is_orthogonal ? 'b<sub>j</sub>' : 'e<sub>2</sub>';
  const [quarter, threeQuarters] = layer.sense === 'natural' ? ['+', '\u2212'] : ['\u2212', '+'];
  return {
    tickvals: [0, 45, 90, 135, 180, 225, 270, 315],
    ticktext: [`+b<sub>i</sub>`, '', quarter + second, '', `\u2212b<sub>i</sub>`, '', threeQuarters + second, '']
  };
};

const drawPolar = (id, layer, curves, kind, chosenPlane) => {
  const colour = colours();
  const narrow = byId(id).clientWidth < 420;
  // A signed curve runs around a circle of its own, which stands for 0.
  const ring = {theta: closed(angles(layer), 360), r: undefined, hoverinfo: 'skip'};
  const made = traces(layer, curves, colour, kind, chosenPlane)
                   .filter((trace) => trace.line?.width !== 0 && trace.showlegend !== false || trace.legendgroup)
                   .map(({x, y, yaxis, fill, ...trace}) => ({
                          ...trace,
                          type: 'scatterpolar',
                          theta: x.length === 2 ? ring.theta : x,
                          r: x.length === 2 ? ring.theta.map(() => y[0]) : y,
                          hovertemplate: trace.hovertemplate?.replace('%{x:', '%{theta:').replace('%{y:', '%{r:'),
                          showlegend: trace.name === 'single planes',
                          visible: trace.name === 'single planes' ? 'legendonly' : true
                        }));
  const largest = Math.max(...curveOf(layer, curves, kind).mean.map(Math.abs), 1e-9);
  const axis = {gridcolor: colour.rule, linecolor: colour.rule, tickfont: {color: colour.soft}};
  Plotly.react(
      id, made, {
        paper_bgcolor: colour.page,
        font: pageFont(colour, narrow),
        margin: {l: 36, r: 36, t: 44, b: 28},
        hovermode: 'closest',
        dragmode: false,
        legend: {orientation: 'h', x: 0, xanchor: 'left', y: 1.08, yanchor: 'bottom'},
        polar: {
          bgcolor: colour.page,
          angularaxis: {
            ...axis,
            ...polarAxis(layer),
            tickfont: {color: colour.ink},
            direction: 'counterclockwise',
            rotation: 0
          },
          radialaxis: {
            ...axis,
            angle: 22.5,
            tickangle: 0,
            nticks: 4,
            tickformat: '~p',
            ...(kind === 'signed' ? {range: [-1.6 * largest, 1.15 * largest]} : {rangemode: 'tozero'})
          }
        }
      },
      chartConfig());
};
