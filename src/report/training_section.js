// The training that made the model, if the page was given its history: scores by step, and the chosen layer's curve in
// the window that the slider is at.

let player = null;

// Windows may have been counted at other epsilons than the result.
const nearestEpsilon = (layer, epsilon) => {
  const distances = layer.epsilon.map((one) => Math.abs(one - epsilon));
  return distances.indexOf(Math.min(...distances));
};

const drawWindow = (frame, layer) => {
  // A history may have been kept under other names than the result: then its first layer is better than none.
  const found = frame.layers.find((one) => one.name === layer.address) ?? frame.layers[0];
  byId('window-heading').textContent = found?.name ?? layer.address;
  byId('window-caption').hidden = found === undefined;
  if (!found) {
    byId('window').hidden = true;
    byId('no-window').hidden = false;
    byId('no-window').textContent = `The history has no curve at step ${whole(frame.step)}.`;
    byId('window-figure').querySelector(':scope > .exports')?.remove();
    return;
  }
  const e = nearestEpsilon(found, layer.epsilon[epsilonIndex(layer)]);
  byId('window-caption').textContent = `Step ${whole(frame.step)}: ${holisticCaption(found, e)}` +
      (found.name === layer.address ? '' : ` The history has no layer called ${layer.address}.`);
  drawHolistic('window', 'no-window', found, e, mostOf(player, found.name, e));
  exportWindow('window-figure', 'window', frame, found, e);
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
  exportTimeline(history, player);
};

const fillTraining = () => {
  if (data.training === null) return;
  if (player === null) startTraining();
  else player.redraw();
};
