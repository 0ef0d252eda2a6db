// The page of a history: scores by step, and the curves of the step that the slider is at.

const data = JSON.parse(byId('data').textContent);
const chosen = {layer: null, epsilon: 0};

const epsilonOf = (layer) => Math.min(chosen.epsilon, layer.epsilon.length - 1);

const showFrame = (frame) => {
  const layer = frame.layers.find((one) => one.name === chosen.layer) ?? frame.layers[0];
  fillLayerTable(frame.layers, epsilonOf, (index) => {
    chosen.layer = frame.layers[index].name;
    player.redraw();
  });
  drawTimeline(data, player, layer?.name);
  if (!layer) return;
  markChosenRow(frame.layers.indexOf(layer));
  const e = epsilonOf(layer);
  fillEpsilonChooser(layer, e);
  byId('layer-heading').textContent = layer.name;
  byId('caption').textContent = holisticCaption(layer, e);
  drawHolistic('chart', 'nothing', layer, e, mostOf(player, layer.name, e));
  exportWindow('window-figure', 'chart', frame, layer, e);
};

const player = makePlayer(byId('scrub'), data, showFrame);

const start = () => {
  byId('torn').hidden = !data.torn;
  byId('summary').textContent = data.summary;
  byId('settings')
      .replaceChildren(...data.settings.flatMap(([option, value]) => [element('dt', option), element('dd', value)]));
  if (data.frames.length === 0) {
    byId('layer-heading').textContent = 'This history holds no window with a layer';
    return;
  }
  byId('epsilon-chooser').addEventListener('change', (event) => {
    chosen.epsilon = Number(event.target.value);
    player.redraw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', player.redraw);
  player.start();
  exportTimeline(data, player);
};

start();
