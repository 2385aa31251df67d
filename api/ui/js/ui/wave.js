// "Send an item through the network": one button, and while the item travels over the graph its propagation curve draws
// itself. Shows what is known of one tracked item; publishing goes through the app, drawing of the wave through the scene.

import { count, itemName, percent, short, span } from '../core/format.js';
import { cdf, quantile } from '../core/stats.js';
import { Chart } from './chart.js';
import { ShellLines } from './parts.js';
import { fill, h, put, select } from './h.js';

/** @typedef {import('../main.js').App} App */

export class WavePanel {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.title = h('h2', {}, 'Send an item through the network');
    this.intro = h('p.muted', {}, 'Publish an item at one node and watch it reach the others: the graph is coloured by arrival, the curve is the share of nodes that have it.');
    this.button = h('button.primary.big', { onclick: () => app.waves.publish() }, 'Publish an item');
    this.again = h('button', { onclick: () => app.waves.again(), hidden: true }, 'Show again');
    this.which = select([], '', (value) => app.waves.track(Number(value)), { 'aria-label': 'tracked item', hidden: true });
    this.note = h('p.note', { hidden: true });
    /** @type {Record<string, HTMLElement>} */
    this.cells = {};
    const cell = (/** @type {string} */ key, label = key) => {
      this.cells[key] = h('b', {}, '–');
      return h('div', {}, h('dt', {}, label), h('dd', {}, this.cells[key]));
    };
    this.table = h('dl.facts.two', { hidden: true }, cell('reached'), cell('p50'), cell('hops', 'hops max'), cell('p95'), cell('copies', 'duplicates'), cell('p99'));
    this.chart = new Chart({ title: 'Propagation', xName: 'delay', yName: 'share of nodes', xText: span, yText: percent, height: 150, file: 'propagation' });
    this.chart.element.hidden = true;
    this.lines = new ShellLines(app.api);
    this.element = h('section.panel.wave', {}, this.title, this.intro, h('div.row', {}, this.button, this.again, this.which), this.note, this.table, this.chart.element, this.lines.element);
    this.drawn = '';
  }

  update() {
    const { app } = this, { model } = app, publisher = app.waves.publisher();
    const name = publisher >= 0 ? model.live.directory.name(publisher) : '';
    put(this.button, publisher >= 0 ? `Publish an item from ${name}` : 'Publish an item');
    this.button.disabled = publisher < 0 || app.api.readOnly || !model.connected;
    const why = publisher < 0 && model.live.up > 0 ? 'No node that is up runs the gossip service. Create nodes with it on the Experiment screen.'
      : model.clock === 'paused' && model.at === null && publisher >= 0 ? 'Time is paused: an item travels only while time passes.' : '';
    put(this.note, why);
    this.note.hidden = !why;
    if (publisher >= 0 && !app.synthetic) {
      const key = `${name}`;
      if (this.lines.element.dataset.key !== key) {
        this.lines.element.dataset.key = key;
        this.lines.showLines(app.rpcLines(name, 'gossip_publish', []));
      }
    }
    this.showItem();
  }

  showItem() {
    const { app } = this, { model } = app, { item } = model, { wave } = app.scene;
    this.table.hidden = this.chart.element.hidden = this.again.hidden = !item;
    this.intro.hidden = Boolean(item);
    if (!item) {
      put(this.title, 'Send an item through the network');
      this.title.className = '';
      return;
    }
    const playing = wave.playing && wave.item === item;
    const until = Math.min(playing ? wave.t : Infinity, model.at === null ? Infinity : model.now - item.time);
    const key = `${item.id} ${item.version} ${until} ${model.view.up}`;
    if (key === this.drawn) return;
    this.drawn = key;
    this.showChoice();
    this.title.className = 'name';
    put(this.title, `Item ${itemName(item.id)} from ${model.live.directory.name(item.origin)}`);
    const delays = item.delays(until), total = Math.max(model.view.up, delays.length);
    put(this.cells.reached, `${count(delays.length)} / ${count(total)}`);
    put(this.cells.hops, String(Math.max(0, item.byHops(until).findLastIndex((n) => n > 0))));
    put(this.cells.copies, `${short(item.duplicates / Math.max(1, item.reached.length))}×`);
    const marks = [];
    for (const q of [0.5, 0.95, 0.99]) {
      // Of all nodes: a share that was not reached has no time.
      const at = delays.length >= q * total ? quantile(delays, (q * total) / delays.length) : NaN;
      put(this.cells[`p${q * 100}`], Number.isFinite(at) ? span(at) : '–');
      if (Number.isFinite(at)) marks.push({ x: at, label: `p${q * 100}` });
    }
    const curve = cdf(delays, total, 200);
    this.chart.draw({ plots: [{ name: itemName(item.id), x: [0, ...curve.x], y: [0, ...curve.y], kind: 'step', colour: 0, dash: '' }], marks,
      xDomain: [0, Math.max(item.last, 1e-6) * 1.04], yDomain: [0, 1.02] });
    const slow = playing && wave.rate > 0 ? 1 / wave.rate : 0;
    put(this.again, playing && slow > 1.5 ? `shown ${short(slow)}× slower` : 'Show again');
    this.again.disabled = playing;
  }

  showChoice() {
    const { items } = this.app.model, ids = [...items.all.keys()].reverse();
    this.which.hidden = ids.length < 2;
    if (this.which.dataset.key === ids.join()) {
      this.which.value = String(this.app.model.tracked);
      return;
    }
    this.which.dataset.key = ids.join();
    fill(this.which, ids.map((id) => h('option', { value: String(id), selected: id === this.app.model.tracked }, itemName(id))));
  }
}
