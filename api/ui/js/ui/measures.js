// Measurements as charts that share one crosshair over time: rates by protocol, bytes, nodes and connections, losses;
// and as distributions: propagation of the tracked items, hops, degrees. All from what the page has folded itself.

import { bytes, itemName, percent, short, span } from '../core/format.js';
import { cdf, histogram, quantile } from '../core/stats.js';
import { Chart, Crosshair } from './chart.js';
import { h, put, select } from './h.js';
import { facts } from './parts.js';

/** @typedef {import('../main.js').App} App */

export class MeasuresScreen {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    const crosshair = new Crosshair();
    const time = (/** @type {string} */ title, /** @type {string} */ yName, /** @type {string} */ file, yText = short) =>
      new Chart({ title, xName: 'simulated time', yName, xText: span, yText, crosshair, file });
    this.propagation = new Chart({ title: 'Propagation of items', xName: 'delay', yName: 'share of nodes', xText: span, yText: percent, height: 210, file: 'propagation' });
    this.degree = new Chart({ title: 'Degree distribution', xName: 'connections', yName: 'nodes', height: 170, file: 'degree' });
    this.hops = new Chart({ title: 'Hops of the tracked item', xName: 'hops', yName: 'nodes', height: 170, file: 'hops', xText: (v) => String(Math.round(v)) });
    this.rates = time('Messages sent by protocol, per second', 'messages per second', 'messages');
    this.volume = time('Bytes sent, per second', 'bytes per second', 'bytes', bytes);
    this.size = time('Nodes and connections', 'count', 'network');
    this.churn = time('Peers lost and dials failed, per second', 'per second', 'churn');
    this.log = h('input', { type: 'checkbox', id: 'log-degree', onchange: () => { this.key = ''; this.update(); } });
    this.window = select([['0', 'since the page opened'], ['60', 'last minute'], ['10', 'last 10 s']], '0', () => { this.key = ''; this.update(); }, { 'aria-label': 'time range' });
    this.numbers = h('div.numbers');
    this.protocols = h('tbody');
    const table = h('table.plain', { 'aria-label': 'messages by protocol and code' }, h('thead', {}, h('tr', {}, ['Protocol', 'Code', 'Sent', 'Received', 'Bytes sent', 'Bytes received'].map((name, i) => h('th', { scope: 'col', class: i > 1 ? 'right' : '' }, name)))), this.protocols);
    const box = (/** @type {Chart} */ chart, /** @type {Node | null} */ more = null) => h('section.card', {}, chart.element, more);
    this.element = h('div.screen.measures', {}, h('div.tool-bar', {}, h('h1', {}, 'Measurements'), this.window), this.numbers,
      h('div.grid', {}, box(this.propagation), box(this.rates), box(this.degree, h('label.check', { for: 'log-degree' }, this.log, ' logarithmic axes')), box(this.volume), box(this.hops), box(this.size), box(this.churn),
        h('section.card', { tabIndex: 0, role: 'region', 'aria-label': 'by protocol and code' }, h('h2', {}, 'By protocol and code'), table)));
    this.key = '';
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
    const parts = model.components().sizes, mean = view.up ? (2 * view.conns) / view.up : 0;
    this.numbers.replaceChildren(facts([['nodes up', short(view.up)], ['connections', short(view.conns)], ['mean degree', short(mean)], ['components', short(parts.length)],
      ['largest', percent((parts[0] ?? 0) / Math.max(1, view.up))], ['messages', short(model.stat.messages ?? 0)], ['peers lost', short(model.stat.drops ?? 0)], ['failed dials', short(model.stat.failed_dials ?? 0)], ['restraints', short(model.stat.restraints ?? 0)]]));
  }

  showTime() {
    const { series } = this.app.model;
    if (series.length < 2) return;
    const to = series.t[series.length - 1], last = Number(this.window.value), from = last ? Math.max(series.t[0], to - last) : series.t[0];
    const bins = 120, width = (to - from) / bins, x = Array.from({ length: bins }, (_, i) => from + (i + 0.5) * width), xDomain = /** @type {[number, number]} */ ([from, to]);
    const line = (/** @type {string} */ name, /** @type {string} */ column, /** @type {number} */ colour) => ({ name, x, y: series.rate(column, from, to, bins), colour });
    const names = [...series.columns.keys()].filter((name) => name.startsWith('protocol '));
    this.rates.draw({ plots: names.slice(0, 8).map((name, i) => line(name.slice(9), name, i)), xDomain });
    this.volume.draw({ plots: [line('bytes', 'bytes', 0)], xDomain });
    this.churn.draw({ plots: [line('peers lost', 'drops', 1), line('failed dials', 'failed', 5)], xDomain });
    const level = (/** @type {string} */ name, /** @type {number} */ colour) => ({ name, x: series.t, y: series.column(name), colour, kind: /** @type {const} */ ('step') });
    this.size.draw({ plots: [{ ...level('up', 0), name: 'nodes up' }, { ...level('down', 5), name: 'nodes down' }, { ...level('conns', 2), name: 'connections' }], xDomain });
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
      const hops = new Array(item.maxHops + 1).fill(0);
      for (const node of item.reached) hops[item.hops[node]]++;
      this.hops.draw({ plots: [{ name: 'nodes', x: hops.map((_, i) => i), y: hops, kind: 'bars', colour: 0 }] });
    }
    this.propagation.draw({ plots, marks, xDomain: [0, Math.max(1e-6, ...items.map((i) => i.last)) * 1.04], yDomain: [0, 1.02], empty: 'publish an item on the Network screen' });
  }

  showProtocols() {
    const rows = Object.entries(this.app.model.rates).flatMap(([protocol, codes]) => Object.entries(codes).map(([code, [sent, received, out, into]]) => [protocol, code, short(sent), short(received), bytes(out), bytes(into)]));
    const key = JSON.stringify(rows);
    if (this.protocols.dataset.key === key) return;
    this.protocols.dataset.key = key;
    this.protocols.replaceChildren(...rows.map((row) => h('tr', {}, row.map((cell, i) => {
      const td = h('td', { class: i > 1 ? 'right' : '' });
      put(td, cell);
      return td;
    }))));
  }
}
