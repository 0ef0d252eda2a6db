// The page of a history: scores by step, and the curves of the step that the slider is at.

const data = JSON.parse(byId('data').textContent);
const kMillisecondsAFrame = 120;

const phases = [...new Set(data.frames.map((frame) => frame.phase))];
const chosen = {phase: phases[0], frame: 0, layer: null, epsilon: 0};
let timer = null;

const frames = () => data.frames.filter((frame) => frame.phase === chosen.phase);
const frameNow = () => frames()[chosen.frame];
const layerNow = () => frameNow()?.layers.find((layer) => layer.name === chosen.layer) ?? frameNow()?.layers[0];
const epsilonOf = (layer) => Math.min(chosen.epsilon, layer.epsilon.length - 1);

// The highest value that the layer's curve has in any window, so that the axis stands still.
const mostOf = (name, e) => {
  let most = 0;
  for (const frame of frames()) {
    const layer = frame.layers.find((one) => one.name === name);
    if (layer) most = Math.max(most, ...holisticMean(layer, layer.curves[e]), layer.curves[e].isotropic_rate ?? 0);
  }
  return most === 0 ? undefined : most * 1.05;
};

const show = () => {
  const frame = frameNow();
  if (!frame) return;
  const layer = layerNow();
  byId('step').value = String(chosen.frame);
  byId('step-name').textContent = `step ${whole(frame.step)}`;
  byId('step').setAttribute('aria-valuetext', `step ${frame.step}`);
  fillLayerTable(frame.layers, epsilonOf, (index) => {
    chosen.layer = frame.layers[index].name;
    show();
  });
  const lines = {axis: 'step', chosen: layer?.name, marked: frame.step};
  drawLines('growth', data.series[chosen.phase].a4, data.series[chosen.phase].x, {...lines, hasZero: true});
  // Scalars were handed in with the steps of training, and are of interest beside each phase.
  const {x, scalars} = Object.values(data.series).find((series) => series.scalars.length > 0) ?? {x: [], scalars: []};
  byId('scalars-figure').hidden = scalars.length === 0;
  if (scalars.length > 0) drawLines('scalars', scalars, x, {...lines, hasZero: false});
  if (!layer) return;
  markChosenRow(frame.layers.indexOf(layer));
  const e = epsilonOf(layer);
  fillEpsilonChooser(layer, e);
  byId('layer-heading').textContent = layer.name;
  byId('caption').textContent = holisticCaption(layer, e);
  drawHolistic('chart', 'nothing', layer, e, mostOf(layer.name, e));
};

const stop = () => {
  clearInterval(timer);
  timer = null;
  byId('play').textContent = 'Play';
};

const play = () => {
  if (timer !== null) return stop();
  if (chosen.frame === frames().length - 1) chosen.frame = 0;
  byId('play').textContent = 'Pause';
  timer = setInterval(() => {
    if (chosen.frame >= frames().length - 1) return stop();
    ++chosen.frame;
    show();
  }, kMillisecondsAFrame);
};

const choosePhase = (phase) => {
  chosen.phase = phase;
  chosen.frame = frames().length - 1;
  byId('step').max = String(frames().length - 1);
  show();
};

const start = () => {
  byId('torn').hidden = !data.torn;
  byId('summary').textContent = data.summary;
  byId('settings')
      .replaceChildren(...data.settings.flatMap(([option, value]) => [element('dt', option), element('dd', value)]));
  if (data.frames.length === 0) {
    byId('layer-heading').textContent = 'This history holds no window with a layer';
    return;
  }
  byId('phase-label').hidden = phases.length < 2;
  byId('phase-chooser').replaceChildren(...phases.map((phase) => element('option', phase)));
  byId('phase-chooser').addEventListener('change', (event) => choosePhase(event.target.value));
  byId('step').addEventListener('input', (event) => {
    stop();
    chosen.frame = Number(event.target.value);
    show();
  });
  byId('epsilon-chooser').addEventListener('change', (event) => {
    chosen.epsilon = Number(event.target.value);
    show();
  });
  byId('play').addEventListener('click', play);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  choosePhase(phases[0]);
};

start();
