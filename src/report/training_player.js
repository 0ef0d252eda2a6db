// Scrubs through the windows of a history: a slider with a play button, a chooser of the phase where there are several,
// and what is drawn of the window that it is at.

const kMillisecondsAFrame = 120;

// Curves are packed until somebody looks.
const unpackWindow = (layer) => {
  for (const curves of layer.curves) {
    if (typeof curves.holistic_counts === 'string') curves.holistic_counts = unpacked(curves.holistic_counts);
  }
  return layer;
};

const playerControls = (phases) => {
  const play = element('button', 'Play');
  play.type = 'button';
  play.id = 'play';
  const label = element('label', 'Step', 'hidden');
  label.htmlFor = 'step';
  const slider = element('input');
  slider.type = 'range';
  slider.id = 'step';
  slider.min = '0';
  const name = element('output');
  name.id = 'step-name';
  name.htmlFor = 'step';
  const phase = element('label', 'Phase ');
  const chooser = element('select');
  chooser.id = 'phase-chooser';
  chooser.append(...phases.map((one) => element('option', one)));
  phase.append(chooser);
  phase.hidden = phases.length < 2;
  return {play, slider, name, chooser, parts: [play, label, slider, name, phase]};
};

// `box` takes the controls; drawFrame(frame) is called whenever another window is looked at.
const makePlayer = (box, history, drawFrame) => {
  const phases = [...new Set(history.frames.map((frame) => frame.phase))];
  const now = {phase: phases[0], place: 0};
  let timer = null;
  const {play, slider, name, chooser, parts} = playerControls(phases);
  const frames = () => history.frames.filter((frame) => frame.phase === now.phase);
  const frame = () => frames()[now.place];
  const go = (place) => {
    now.place = place;
    slider.value = String(place);
    name.textContent = `step ${whole(frame().step)}`;
    slider.setAttribute('aria-valuetext', `step ${frame().step}`);
    frame().layers.forEach(unpackWindow);
    drawFrame(frame());
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = 'Play';
  };
  const choosePhase = (phase) => {
    stop();
    now.phase = phase;
    slider.max = String(frames().length - 1);
    go(frames().length - 1);
  };
  slider.addEventListener('input', () => {
    stop();
    go(Number(slider.value));
  });
  play.addEventListener('click', () => {
    if (timer !== null) return stop();
    play.textContent = 'Pause';
    if (now.place === frames().length - 1) go(0);
    timer = setInterval(() => {
      if (now.place >= frames().length - 1) return stop();
      go(now.place + 1);
    }, kMillisecondsAFrame);
  });
  chooser.addEventListener('change', () => choosePhase(chooser.value));
  box.replaceChildren(...parts);
  return {start: () => choosePhase(phases[0]), redraw: () => go(now.place), frame, frames, phase: () => now.phase};
};

// The highest value that a layer's curve has in any window, so that the axis stands still.
const mostOf = (player, name, e) => {
  let most = 0;
  for (const frame of player.frames()) {
    const layer = frame.layers.find((one) => one.name === name);
    if (!layer || e >= layer.curves.length) continue;
    const mean = holisticMean(layer, unpackWindow(layer).curves[e]);
    most = Math.max(most, ...mean, layer.curves[e].isotropic_rate ?? 0);
  }
  return most === 0 ? undefined : most * 1.05;
};

// Scalars were handed in with the steps of training, and are of interest beside each phase.
const scalarSeries = (history) =>
    Object.values(history.series).find((series) => series.scalars.length > 0) ?? {x: [], scalars: []};

// A4 of all layers by step in #growth, and the scalars, if there are any, in #scalars.
const drawTimeline = (history, player, chosenName) => {
  const {x, a4} = history.series[player.phase()];
  const lines = {axis: 'step', chosen: chosenName, marked: player.frame().step};
  drawLines('growth', a4, x, {...lines, hasZero: true});
  const {x: steps, scalars} = scalarSeries(history);
  byId('scalars-figure').hidden = scalars.length === 0;
  if (scalars.length > 0) drawLines('scalars', scalars, steps, {...lines, hasZero: false});
};

const seriesRows = (x, columns) => ({
  columns: ['step', ...columns.map((column) => column.name)],
  rows: x.map((step, k) => [step, ...columns.map((column) => column.values[k])])
});

const exportTimeline = (history, player) => {
  addExports(byId('growth-figure'), 'growth', () => `A4 by step in ${player.phase()}`, () => {
    const series = history.series[player.phase()];
    return seriesRows(series.x, series.a4);
  });
  const {x, scalars} = scalarSeries(history);
  if (scalars.length > 0) {
    addExports(byId('scalars-figure'), 'scalars', 'scalars by step', () => seriesRows(x, scalars));
  }
};

const exportWindow = (figureId, chartId, frame, layer, e) => addExports(
    byId(figureId), chartId, () => `${layer.name} at step ${frame.step} at epsilon ${layer.epsilon[e]}`, () => {
      const mean = holisticMean(layer, layer.curves[e]);
      return {columns: ['angle_deg', 'mean'], rows: angles(layer).map((angle, k) => [angle, mean[k]])};
    });
