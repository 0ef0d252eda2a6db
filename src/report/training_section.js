// The training that made the model, if the page was given its history: scores by step, and the chosen layer's curve in
// the window that the slider is at.

let player = null;

const seriesRows = (x, columns) => ({
  columns: ['step', ...columns.map((column) => column.name)],
  rows: x.map((step, k) => [step, ...columns.map((column) => column.values[k])])
});

// Windows may have been counted at other epsilons than the result.
const nearestEpsilon = (layer, epsilon) => {
  const distances = layer.epsilon.map((one) => Math.abs(one - epsilon));
  return distances.indexOf(Math.min(...distances));
};

const drawWindow = (frame, layer) => {
  const found = frame.layers.find((one) => one.name === layer.address);
  byId('window-heading').textContent = layer.address;
  byId('window-caption').hidden = found === undefined;
  if (!found) {
    byId('window').hidden = true;
    byId('no-window').hidden = false;
    byId('no-window').textContent = `The history has no curve of this layer at step ${whole(frame.step)}.`;
    byId('window-figure').querySelector(':scope > .exports')?.remove();
    return;
  }
  const e = nearestEpsilon(found, layer.epsilon[epsilonIndex(layer)]);
  byId('window-caption').textContent = `Step ${whole(frame.step)}: ${holisticCaption(found, e)}`;
  drawHolistic('window', 'no-window', found, e, mostOf(player, found.name, e));
  addExports(
      byId('window-figure'), 'window', () => `${found.name} at step ${frame.step} at epsilon ${found.epsilon[e]}`, () => {
        const mean = holisticMean(found, found.curves[e]);
        return {columns: ['angle_deg', 'mean'], rows: angles(found).map((angle, k) => [angle, mean[k]])};
      });
};

const drawTraining = (frame) => {
  const layer = data.layers[chosen.layer];
  drawTimeline(data.training, player, layer.address);
  drawWindow(frame, layer);
};

const startTraining = () => {
  const history = data.training;
  byId('training-words').textContent = history.summary;
  byId('training-torn').hidden = !history.torn;
  byId('training-parts').hidden = history.frames.length === 0;
  if (history.frames.length === 0) return;
  player = makePlayer(byId('scrub'), history, drawTraining);
  player.start();
  const {x, scalars} = scalarSeries(history);
  addExports(byId('growth-figure'), 'growth', () => `A4 by step in ${player.phase()}`, () => {
    const series = history.series[player.phase()];
    return seriesRows(series.x, series.a4);
  });
  if (scalars.length > 0) {
    addExports(byId('scalars-figure'), 'scalars', 'scalars by step', () => seriesRows(x, scalars));
  }
};

const fillTraining = () => {
  if (data.training === null) return;
  if (player === null) startTraining();
  else player.redraw();
};
