// The top of the page: what is going on in one line (live or not, time, nodes, connections, components, traffic, what is
// not shown), the way to the screens, and banners about the connection. Reads the model five times a second at most.

import { clock, count, paceName, short, span } from '../core/format.js';
import { attribute, fill, h, put } from './h.js';

/** @typedef {import('../main.js').App} App */

const TABS = [['network', 'Network'], ['nodes', 'Nodes'], ['events', 'Events'], ['measurements', 'Measurements'], ['experiment', 'Experiment']];

/** Seconds without a word from a server that gives a sign of life every five. */
const STALE = 12;

export class Header {
  /** @param {App} app @param {HTMLElement} host @param {HTMLElement} banner */
  constructor(app, host, banner) {
    this.app = app;
    this.banner = banner;
    this.bannerKey = '';
    this.badge = h('strong.badge');
    /** @type {Record<string, HTMLElement>} */
    this.values = {};
    const item = (/** @type {string} */ key, /** @type {string} */ label, title = '') => {
      this.values[key] = h('b');
      return h('span.stat', { title, class: `stat s-${key}` }, h('span', {}, label), this.values[key]);
    };
    const strip = h('div.strip', { 'aria-label': 'state of the network', role: 'group' },
      item('time', 'sim', 'simulated time and how it passes'), item('nodes', 'nodes'), item('conns', 'conns', 'connections that are up'),
      item('parts', 'components', 'parts that cannot reach each other, among the nodes that are up'),
      item('messages', 'msgs/s', 'messages sent and received per simulated second'),
      item('shown', 'events shown', 'how many of the events were sent to this page; counters count all'));
    this.tabs = TABS.map(([screen, name]) => h('a', { href: `#${screen}`, 'data-screen': screen }, name));
    this.theme = h('button.icon', { title: 'light or dark', 'aria-label': 'light or dark theme', onclick: () => app.toggleTheme() }, '◐');
    this.help = h('button.icon', { title: 'keys (?)', 'aria-label': 'help: keys', onclick: () => app.help() }, '?');
    host.append(h('span.brand', {}, 'p2psim'), this.badge, strip, h('nav', { 'aria-label': 'screens' }, this.tabs), this.theme, this.help);
  }

  update() {
    const { model } = this.app, { view, series } = model;
    const [label, kind] = this.verdict();
    put(this.badge, label);
    attribute(this.badge, 'class', `badge ${kind}`);
    const none = model.frames === 0;
    put(this.values.time, none ? '–' : `${clock(model.now)} ${model.at === null ? paceName(model.clock, model.pace) : ''}`);
    put(this.values.nodes, none ? '–' : `${count(view.up)} up${view.down ? ` / ${count(view.down)} down` : ''}`);
    put(this.values.conns, none ? '–' : count(view.conns));
    put(this.values.parts, none ? '–' : count(model.components().sizes.length));
    put(this.values.messages, none ? '–' : short(series.lately('messages', 1)));
    const of = model.eventsOf, sent = model.eventsShown;
    put(this.values.shown, of === 0 ? '–' : of === sent ? 'all' : `1 of ${short(of / Math.max(1, sent))}`);
    attribute(this.values.parts.parentElement ?? this.values.parts, 'data-alarm', model.components().sizes.length > 1 ? 'yes' : null);
    this.warn();
  }

  /** @returns {[string, string]} */
  verdict() {
    const { model } = this.app, silent = (performance.now() - model.heard) / 1000;
    if (!model.connected) return [model.frames ? 'LOST' : 'CONNECTING', 'bad'];
    if (model.frames && silent > STALE) return [`STALE ${Math.round(silent)} s`, 'bad'];
    if (model.at !== null) return ['PAST', 'past'];
    if (model.clock === 'paused') return ['PAUSED', 'paused'];
    return ['LIVE', 'live'];
  }

  warn() {
    const { app, banner } = this, { model } = app;
    let key = '', text = '', action = null;
    if (model.stale) {
      key = 'stale';
      text = 'The server was updated since this page was loaded.';
      action = h('button', { onclick: () => location.reload() }, 'Reload');
    } else if (!model.connected && model.frames > 0) {
      const age = Math.round((performance.now() - model.heard) / 1000);
      key = `lost ${age}`;
      text = `No connection to the server. What you see is ${age < 1 ? 'less than a second' : span(age)} old; trying again by itself.`;
      action = h('button', { onclick: () => app.line.retry() }, 'Try now');
    } else if (!model.connected && performance.now() > 2500) {
      key = 'never';
      text = 'The server does not answer yet; trying again by itself.';
    } else if (model.gap > 0) {
      key = `gap ${model.gap}`;
      text = `${count(model.gap)} events were not shown: the connection was away too long, or too slow. The network shown is right; lists and curves have a gap.`;
      action = h('button', { onclick: () => { model.gap = 0; this.warn(); } }, 'Understood');
    }
    document.body.classList.toggle('lost', !model.connected && model.frames > 0);
    if (key === this.bannerKey) return;
    // The age changes each second; only its text may, or a screen reader would never stop.
    const first = banner.querySelector('span');
    if (key.startsWith('lost') && this.bannerKey.startsWith('lost') && first) put(first, text);
    else fill(banner, text ? h('div.banner', { class: `banner ${key.split(' ')[0]}` }, h('span', { 'aria-live': 'off' }, text), action) : null);
    this.bannerKey = key;
  }

  /** @param {string} screen */
  mark(screen) {
    for (const tab of this.tabs) attribute(tab, 'aria-current', tab.dataset.screen === (screen === 'node' ? 'nodes' : screen) ? 'page' : null);
  }
}
