// How the page came to be: settings, versions, commands.

const quoted = (word) => (/^[A-Za-z0-9_.,:\/@%+=-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`);

// The settings in the words of the command line; files have no names in a result, so that equal runs give equal ones.
const commandOf = (settings) => {
  const value = new Map(settings);
  const words = value.get('layers') ? ['torchsrm observe MODEL.pt --data DATA --layers'] :
                                      ['torchsrm observe --activations DATA'];
  if (value.get('layers')) words.push(...value.get('layers').split(' ').map(quoted));
  const flags = [
    ['epsilon', '--epsilon', ''], ['angles', '--angles', '360'], ['grid', '--grid', 'exclusive'],
    ['pairs', '--pairs', 'combination'], ['basis', '--basis', 'standard'], ['planes', '--planes', 'all'],
    ['mask', '--mask', ''], ['every', '--every', '1'], ['fraction', '--fraction', '1'], ['limit', '--limit', '']
  ];
  for (const [name, flag, usual] of flags) {
    const said = value.get(name);
    if (said && said !== usual) words.push(flag, ...said.split(' ').map(quoted));
  }
  if (value.get('sense') === 'reference') words.push('--compat reference');
  if (value.get('centre') === 'yes') words.push('--centre');
  if (value.get('centre') === 'on a given mean') words.push('--mean MEAN');
  if (value.get('signed') === 'yes') words.push('--signed');
  if (value.get('by_class') === 'yes') words.push('--labels LABELS --by-class');
  return words.join(' ');
};

const command = (text) => element('code', text, 'command');

const resultSettings = (result) => {
  const box = element('div');
  if (data.results.length > 1) box.append(element('h3', result.name));
  const list = element('dl', undefined, 'settings');
  list.append(...result.settings.flatMap(([option, value]) => [element('dt', option), element('dd', value)]));
  box.append(list);
  if (new Map(result.settings).has('epsilon')) {
    box.append(
        element('p', 'What was counted, as a command, with names for the files, which a result does not keep; tests and tables of neurons have options of their own:'),
        command(commandOf(result.settings)));
  }
  return box;
};

const fillMadeBy = () => {
  const names = data.results.map((result) => result.name).filter((name) => name !== '').join(', ');
  if (names !== '') document.title = `${names}: spotlight resonance`;
  byId('result-names').textContent = names;
  byId('settings-list').replaceChildren(...data.results.map(resultSettings));
  byId('page-command').hidden = data.command === '';
  byId('page-command').replaceChildren('This page was written by ', command(data.command));
  byId('versions').textContent = `torchsrm ${data.version}, drawn with plotly.js ${Plotly.version}.`;
};
