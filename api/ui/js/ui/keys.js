// The keys that work everywhere, and the list of all of them. Keys of one part (arrows on the graph) are that part's.

import { h } from './h.js';

const LIST = [['/', 'find or filter nodes'], ['arrows', 'walk along connections (graph), rows (tables), time (strip)'], ['Enter', 'open the selected node'], ['Esc', 'clear the selection'],
  ['Space', 'pause and play'], ['[ and ]', 'one change back, one event on'], ['+ − 0', 'zoom in, out, show all (graph)'], ['1 … 5', 'Network, Nodes, Events, Measurements, Experiment'],
  ['p', 'publish an item'], ['shift-drag', 'select many nodes'], ['drag a node', 'pin it'], ['double-click', 'open a node; beside one, show all'], ['?', 'this list']];

/** @param {import('../main.js').App} app */
export function keys(app) {
  const screens = ['network', 'nodes', 'events', 'measurements', 'experiment'];
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
    const { timeline } = app.network;
    if (event.key === '/') {
      const find = () => /** @type {HTMLElement | null} */ (document.querySelector('#main input[type=search]'))?.focus();
      // At once where it is there: what is typed next is for it.
      if (app.screen === 'network' || app.screen === 'nodes') find();
      else {
        app.go('network');
        setTimeout(find);
      }
    } else if (event.key === ' ' && !/^(BUTTON|A|SUMMARY)$/.test(target.tagName)) timeline.toggle();
    else if (event.key === '[') timeline.step(-1);
    else if (event.key === ']') timeline.step(1);
    else if (event.key === 'Escape') app.model.select(-1);
    else if (event.key === '?') helpDialog();
    else if (event.key === 'p') app.waves.publish();
    else if (/^[1-5]$/.test(event.key)) app.go(screens[Number(event.key) - 1]);
    else return;
    event.preventDefault();
  });
}

export function helpDialog() {
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const dialog = h('dialog.help', { 'aria-label': 'keys', oncancel: close }, h('h2', {}, 'Keys'), h('dl', {}, LIST.map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)))),
    h('p', {}, 'Everything here can be done over HTTP: ', h('a', { href: 'openapi.json', target: '_blank', rel: 'noopener' }, 'openapi.json'), ' describes it.'), h('button.primary', { onclick: close }, 'Close'));
  document.body.append(dialog);
  dialog.showModal();
}
