// Measurements as charts that share one crosshair over time: rates by protocol, bytes, nodes and connections, losses; and
// as distributions: propagation of the tracked items, hops, degrees, load of connections. All from what the page folded.

import { bytes, count, itemName, percent, short, span } from '../core/format.js';
import { cdf, histogram, quantile } from '../core/stats.js';
import { Chart, Crosshair } from './chart.js';
import { fill, h, put, select } from './h.js';
import { nodeLink } from './node.js';
import { facts } from './parts.js';

/** @typedef {import('../main.js').App} App */
/** @typedef {import('./chart.js').Plot} Plot */

/** Milliseconds between two looks at the load of all connections. */
const LOOK = 1000;
/** Connections that are named. */
const NAMED = 8;

export class MeasuresScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    const crosshair = new Crosshair();
    const time = (/** @type {string} */ title, /** @type {string} */ yName, /** @type {string} */ file, yText = short) =>
      new Chart({ title, xName: 'simulated time', yName, xText: span, yText, crosshair, file });
    const whole = (/** @type {number} */ v) => String(Math.round(v));
    this.propagation = new Chart({ title: 'Propagation of items', xName: 'delay', yName: 'share of nodes', xText: span, yText: percent, file: 'propagation' });
    this.hops = new Chart({ title: 'First arrivals by hops', xName: 'hops', yName: 'nodes', file: 'hops', xText: whole, whole: true });
    this.degree = new Chart({ title: 'Degree distribution', xName: 'connections', yName: 'nodes', file: 'degree', whole: true });
    this.rates = time('Messages sent per second, by protocol', 'messages per second', 'messages');
    this.volume = time('Bytes sent per second, by protocol', 'bytes per second', 'bytes', (v) => `${bytes(v)}/s`);
    this.size = time('Nodes and connections', 'count', 'network');
    this.churn = time('Losses per second', 'per second', 'churn');
    this.loads = new Chart({ title: 'Load of connections, the busiest first', xName: 'rank', yName: 'bytes per second', xText: whole, yText: (v) => `${bytes(v)}/s`, file: 'load' });
    this.log = h('input', { type: 'checkbox', id: 'log-degree', onchange: () => this.redraw() });
    this.window = select([['0', 'since the page opened'], ['60', 'last minute'], ['10', 'last 10 s']], '0', () => this.redraw(), { 'aria-label': 'time range' });
    this.numbers = h('div.numbers');
    this.protocols = h('tbody');
    this.busy = h('tbody');
    this.busyNote = h('p.hint');
    const table = (/** @type {string} */ label, /** @type {string[]} */ heads, /** @type {number} */ left, /** @type {HTMLElement} */ body) => h('table.plain', { 'aria-label': label },
      h('thead', {}, h('tr', {}, heads.map((name, i) => h('th', { scope: 'col', class: i >= left ? 'right' : '' }, name)))), body);
    const box = (/** @type {Chart} */ chart, /** @type {Node | null} */ more = null) => h('section.card', {}, chart.element, more);
    this.element = h('div.screen.measures', {}, h('div.tool-bar', {}, h('h1', {}, 'Measurements'), this.window, h('span.muted', {}, 'per second of simulated time; a crosshair shows one moment in all charts')), this.numbers,
      h('div.grid', {}, box(this.propagation), box(this.hops), box(this.degree, h('label.check', { for: 'log-degree' }, this.log, ' logarithmic axes')),
        box(this.rates), box(this.volume), box(this.size), box(this.churn), box(this.loads, this.busyNote),
        h('section.card', {}, h('h2', {}, 'Busiest connections'), table('busiest connections', ['Between', 'and', 'Messages/s', 'Bytes/s', 'Share'], 2, this.busy)),
        h('section.card.wide', {}, h('h2', {}, 'Messages by protocol and code'), table('messages by protocol and code', ['Protocol', 'Code', 'Sent', 'Received', 'Bytes sent', 'Bytes received'], 1, this.protocols))));
    this.key = '';
    this.lookedAt = -Infinity;
  }

  /** @returns {import('../main.js').Wishes} */
  wishes() {
    return { want: ['HEAT'] };
  }

  redraw() {
    this.key = '';
    this.update();
  }

  update() {
    const { model } = this.app, { series, view } = model;
    const key = `${series.t[series.length - 1]} ${view.edgeVersion} ${model.item?.version} ${model.items.all.size} ${model.at} ${this.log.checked}`;
    if (key === this.key) return;
    this.key = key;
    this.showTime();
    this.showItems();
    const degrees = [];
    for (let i = 0; i < view.size; i++) if (view.state[i] === 1) degrees.push(view.degree[i]);
    const { start, width, counts } = histogram(degrees, 60);
    this.degree.draw({ plots: [{ name: 'nodes', x: counts.map((_, i) => start + i * width), y: counts, kind: 'bars', colour: 2 }], log: this.log.checked });
    this.showProtocols();
    if (performance.now() - this.lookedAt > LOOK) this.showLoad();
    this.showNumbers();
  }

  showNumbers() {
    const { model } = this.app, { view, stat } = model, parts = model.components().sizes;
    const numbers = facts([['nodes up', short(view.up)], ['connections', short(view.conns)], ['mean degree', short(view.up ? (2 * view.conns) / view.up : 0)], ['components', short(parts.length)],
      ['in the largest', percent((parts[0] ?? 0) / Math.max(1, view.up))], ['messages', short(stat.messages ?? 0)], ['peers lost', short(stat.drops ?? 0)], ['failed dials', short(stat.failed_dials ?? 0)], ['restraints in force', short(stat.restraints ?? 0)]]);
    if (this.numbers.textContent !== numbers.textContent) fill(this.numbers, numbers);
  }

  showTime() {
    const { series } = this.app.model;
    if (series.length < 2) return;
    const to = series.t[series.length - 1], last = Number(this.window.value), from = last ? Math.max(series.t[0], to - last) : series.t[0];
    const bins = 120, width = (to - from) / bins, x = Array.from({ length: bins }, (_, i) => from + (i + 0.5) * width), xDomain = /** @type {[number, number]} */ ([from, to]);
    /** @returns {Plot} */
    const line = (/** @type {string} */ name, /** @type {string} */ column, /** @type {number} */ colour) => ({ name, x, y: series.rate(column, from, to, bins), colour });
    const names = [...series.columns.keys()].filter((name) => name.startsWith('protocol ')).map((name) => name.slice(9)).slice(0, 8);
    this.rates.draw({ plots: names.map((name, i) => line(name, `protocol ${name}`, i)), xDomain });
    this.volume.draw({ plots: names.map((name, i) => line(name, `bytes ${name}`, i)), xDomain });
    this.churn.draw({ plots: [line('nodes lost', 'lost', 5), line('peers lost', 'drops', 1), line('failed dials', 'failed', 4)], xDomain });
    /** @returns {Plot} */
    const level = (/** @type {string} */ name, /** @type {string} */ column, /** @type {number} */ colour) => ({ name, x: series.t, y: series.column(column), colour, kind: 'step' });
    this.size.draw({ plots: [level('nodes up', 'up', 0), level('nodes down', 'down', 5), level('connections', 'conns', 2)], xDomain });
  }

  showItems() {
    const { model } = this.app, items = [...model.items.all.values()].slice(-6);
    const plots = items.map((item, i) => {
      const { x, y } = cdf(item.delays(), Math.max(model.view.up, item.reached.length));
      return { name: itemName(item.id), x: [0, ...x], y: [0, ...y], kind: /** @type {const} */ ('step'), colour: i };
    });
    const item = model.item, marks = [];
    if (item) {
      const delays = item.delays(), total = Math.max(model.view.up, delays.length);
      for (const q of [0.5, 0.95, 0.99]) if (delays.length >= q * total) marks.push({ x: quantile(delays, (q * total) / delays.length), label: `p${q * 100} ${span(quantile(delays, (q * total) / delays.length))}` });
      const hops = item.byHops();
      this.hops.draw({ plots: [{ name: 'nodes', x: hops.map((_, i) => i), y: hops, kind: 'bars', colour: 0 }] });
    } else this.hops.draw({ plots: [], empty: 'no item is tracked' });
    this.propagation.draw({ plots, marks, xDomain: [0, Math.max(1e-6, ...items.map((i) => i.last)) * 1.04], yDomain: [0, 1.02], empty: 'publish an item on the Network screen' });
  }

  /** Connections by what went over them in the last seconds. */
  showLoad() {
    const { model } = this.app, rows = model.load.busiest();
    this.lookedAt = performance.now();
    this.loads.draw({ plots: rows.length ? [{ name: 'bytes', x: rows.map((_, i) => i + 1), y: rows.map((row) => row.bytes), kind: 'step', colour: 3 }] : [], log: true, empty: 'no messages in the last seconds' });
    const all = rows.reduce((sum, row) => sum + row.bytes, 0), tenth = rows.slice(0, Math.ceil(rows.length / 10)).reduce((sum, row) => sum + row.bytes, 0);
    put(this.busyNote, rows.length ? `${count(rows.length)} of ${count(model.view.conns)} connections carried ${bytes(all)}/s in the last ${span(model.load.span)}; the busiest tenth of them ${percent(tenth / all)}.` : '');
    fill(this.busy, rows.slice(0, NAMED).map((row) => h('tr', {}, h('td', {}, nodeLink(model, row.a)), h('td', {}, nodeLink(model, row.b)), ...[short(row.messages), `${bytes(row.bytes)}/s`, percent(row.bytes / all)].map((cell) => h('td.right', {}, cell)))));
  }

  showProtocols() {
    const rows = Object.entries(this.app.model.rates).flatMap(([protocol, codes]) => Object.entries(codes).map(([code, [sent, received, out, into]]) => [protocol, code, short(sent), short(received), bytes(out), bytes(into)]));
    const key = JSON.stringify(rows);
    if (this.protocols.dataset.key === key) return;
    this.protocols.dataset.key = key;
    fill(this.protocols, rows.map((row) => h('tr', {}, row.map((cell, i) => h('td', { class: i ? 'right' : '' }, cell)))));
  }
}
