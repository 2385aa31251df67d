// Where the page begins: makes the model, the connection, the graph and the screens, and holds what they share: doing
// requests, publishing items, the address, the theme, the keys. Each of those does one thing; this only joins them.

import { parsePlace, writePlace } from './core/url.js';
import { Api, ApiError, quote, requests } from './net/api.js';
import { Link } from './net/link.js';
import { Past } from './net/past.js';
import { Synthetic } from './net/synthetic.js';
import { Model } from './model.js';
import { Scene } from './graph/scene.js';
import { EventsScreen } from './ui/events.js';
import { ExperimentScreen } from './ui/experiment.js';
import { Header } from './ui/header.js';
import { h } from './ui/h.js';
import { hook } from './hook.js';
import { helpDialog, keys } from './ui/keys.js';
import { MeasuresScreen } from './ui/measures.js';
import { NetworkScreen } from './ui/network.js';
import { NodeScreen } from './ui/node.js';
import { NodesScreen } from './ui/nodes.js';
import { toast } from './ui/parts.js';
import { Waves } from './waves.js';

/** @typedef {import('./net/api.js').Request} Request */
/** @typedef {{node?: number | null, protocol?: string | null, code?: number | null, kind?: string | null, words?: string}} Filter */
/** @typedef {{want?: string[], filter?: Filter}} Wishes what a screen wants of the stream beside what all have, and which events and messages */
/** @typedef {{element: HTMLElement, update: () => void, wishes?: () => Wishes}} Screen */

/** Between two redraws of numbers and lists, in milliseconds; the graph keeps its own time. */
const CALM = 160;

export class App {
  constructor() {
    this.base = new URL('.', document.baseURI).href;
    this.model = new Model();
    this.api = new Api(this.base);
    this.motion = matchMedia('(prefers-reduced-motion: reduce)');
    const graph = h('section.graph', { 'aria-label': 'graph' });
    this.scene = new Scene(this.model, graph, () => this.motion.matches);
    const size = new URLSearchParams(location.search).get('synthetic');
    /** @type {import('./net/link.js').LinkEvents} */
    const events = { hello: (hello) => this.hello(hello), frame: (buffer) => this.frame(buffer), gap: (missed) => this.gap(missed), status: (open) => this.status(open), alive: () => { this.model.heard = performance.now(); } };
    const live = new URL('live', this.base);
    live.protocol = live.protocol === 'https:' ? 'wss:' : 'ws:';
    this.synthetic = size ? new Synthetic(size, events) : null;
    /** @type {import('./net/link.js').Line} */
    this.line = this.synthetic ?? new Link(live.href, events);
    const past = new Past(this.base, (ns, moment) => this.model.showPast(ns, moment), (reason) => toast(reason, 'bad'));
    if (!this.synthetic) this.model.ask = (ns) => past.ask(ns);
    this.header = new Header(this, /** @type {HTMLElement} */ (document.getElementById('header')), /** @type {HTMLElement} */ (document.getElementById('banner')));
    this.network = new NetworkScreen(this, graph);
    this.experiment = new ExperimentScreen(this);
    this.eventsScreen = new EventsScreen(this);
    /** @type {Record<string, Screen>} */
    this.screens = { network: this.network, nodes: new NodesScreen(this), node: new NodeScreen(this), events: this.eventsScreen, measurements: new MeasuresScreen(this), experiment: this.experiment };
    this.waves = new Waves(this);
    this.screen = 'network';
    this.pending = false;
    this.wantedName = '';
  }

  start() {
    this.setTheme(localStorage.getItem('p2psim-theme') ?? '');
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.setTheme(localStorage.getItem('p2psim-theme') ?? ''));
    this.place();
    addEventListener('hashchange', () => this.place());
    for (const topic of /** @type {const} */ (['frame', 'view', 'select', 'settings', 'item', 'status'])) this.model.on(topic, () => this.schedule());
    this.model.on('select', () => this.writeAddress());
    this.model.on('settings', () => this.writeAddress());
    keys(this);
    hook(this);
    this.wants();
    this.line.send({ track: 'latest' });
    // What happened before the page was opened, as far as the server has kept it.
    this.line.send({ again: true });
    this.line.start();
    // The age of what is shown grows while nothing comes.
    setInterval(() => this.header.update(), 1000);
    if (this.synthetic) this.api.routes.clear();
    else this.api.discover().then(() => this.learned());
  }

  learned() {
    this.experiment.learn();
    this.schedule();
  }

  /** @param {import('./net/link.js').Hello} hello */
  hello(hello) {
    const { model } = this;
    // Another network: an experiment's, or that of another server. Nothing of before is true of it.
    if (model.hello && model.hello.run !== hello.run) model.forget();
    if (model.hello?.ui && model.hello.ui !== hello.ui) model.stale = true;
    model.hello = model.hello && model.stale ? model.hello : hello;
    this.api.readOnly = Boolean(hello.read_only);
    if (!this.synthetic) this.api.discover().then(() => this.learned());
  }

  /** @param {ArrayBuffer} buffer */
  frame(buffer) {
    let seq = -1;
    try {
      seq = this.model.take(buffer);
    } catch (error) {
      console.error(error);
      toast(`A frame could not be read: ${error instanceof Error ? error.message : error}`, 'bad');
      return;
    }
    if (this.wantedName) this.selectByName(this.wantedName);
    if (document.hidden) this.line.drawn(seq);
    else requestAnimationFrame(() => this.line.drawn(seq));
  }

  /** @param {number} missed */
  gap(missed) {
    this.model.gap += missed;
    this.schedule();
  }

  /** @param {boolean} open */
  status(open) {
    this.model.connected = open;
    this.model.emit('status');
  }

  schedule() {
    if (this.pending) return;
    this.pending = true;
    setTimeout(() => {
      this.pending = false;
      this.header.update();
      this.screens[this.screen].update();
    }, CALM);
  }

  /** Which parts of the stream the screen needs; nobody pays for what is not shown. */
  wants() {
    const { want = [], filter = {} } = this.screens[this.screen].wishes?.() ?? {};
    const all = JSON.stringify(['EVTS', 'ARRV', 'RATE', ...want]), through = JSON.stringify(filter);
    if (all !== this.wanted) this.line.send({ want: JSON.parse(all) });
    this.wanted = all;
    if (through === this.through) return;
    this.through = through;
    this.line.send({ filter });
    this.line.send({ again: true });
    this.model.clearLists();
  }

  wanted = '';
  /** The filter that the server has. */
  through = '{}';

  // The address.

  place() {
    const { screen, values } = parsePlace(location.hash);
    const { model } = this, before = this.screen;
    this.screen = screen;
    const host = document.getElementById('main');
    if (host && (before !== screen || !host.contains(this.screens[screen].element))) {
      host.replaceChildren(this.screens[screen].element);
      // On a narrow screen the document scrolls, and another screen begins at its top.
      scrollTo(0, 0);
      this.scene.show(screen === 'network');
      // A screen's charts and tables measure themselves once they are in the document.
      requestAnimationFrame(() => { this.screens[this.screen].update(); this.scene.resize(); });
      document.title = `p2psim: ${screen}`;
    }
    /** @type {Partial<typeof model.settings>} */
    const change = {};
    for (const key of /** @type {const} */ (['colour', 'layout', 'edges', 'filter', 'traffic'])) if (values[key] !== undefined && values[key] !== model.settings[key]) change[key] = values[key];
    if (Object.keys(change).length) model.set(change);
    if (values.sel !== undefined) this.selectByName(values.sel);
    this.header.mark(screen);
    this.wants();
    this.schedule();
  }

  /** @param {string} name */
  selectByName(name) {
    const index = this.model.live.directory.byName.get(name);
    // The network may still be on its way.
    this.wantedName = index === undefined && this.model.frames === 0 ? name : '';
    if (index !== undefined && index !== this.model.selected) this.model.select(index);
  }

  writeAddress() {
    const { model } = this, { settings } = model;
    const values = {
      sel: model.selected >= 0 ? model.live.directory.name(model.selected) : this.wantedName, filter: settings.filter,
      colour: settings.colour === 'state' ? '' : settings.colour, layout: settings.layout === 'force' ? '' : settings.layout,
      edges: settings.edges === 'auto' ? '' : settings.edges, traffic: settings.traffic === 'on' ? '' : settings.traffic,
    };
    const hash = writePlace({ screen: this.screen, values });
    if (hash !== location.hash && !(hash === '#network' && location.hash === '')) history.replaceState(null, '', hash);
    this.wants();
  }

  /** @param {string} screen */
  go(screen) {
    location.hash = writePlace({ screen, values: this.model.selected >= 0 ? { sel: this.model.live.directory.name(this.model.selected) } : {} });
  }

  /** @param {number} node */
  openNode(node) {
    this.model.select(node);
    this.go('node');
  }

  // Doing.

  /** @param {Request} request @param {string} [done] */
  async act(request, done) {
    try {
      const answer = await this.api.send(request);
      if (done) toast(done, 'good');
      return answer;
    } catch (error) {
      this.refused(error);
      throw error;
    }
  }

  /** @param {unknown} error */
  refused(error) {
    if (error instanceof ApiError && error.status === 403) this.api.readOnly = true;
    toast(error instanceof Error ? error.message : String(error), 'bad');
  }

  /** Many at once, eight at a time. @param {Request[]} all */
  async actAll(all) {
    let next = 0, failed = 0, reason = '';
    const work = async () => {
      while (next < all.length) {
        try {
          await this.api.send(all[next++]);
        } catch (error) {
          failed++;
          reason = error instanceof Error ? error.message : String(error);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    toast(failed ? `${failed} of ${all.length} failed: ${reason}` : `${all.length} done`, failed ? 'bad' : 'good');
  }

  /** Creates nodes, starts them and connects them. @param {{count: number, services: string[], shape: import('./core/shapes.js').Shape}} plan */
  async build({ count, services, shape }) {
    try {
      const before = this.model.live.size;
      const all = Array.from({ length: count }, () => requests.create(services.length ? { services } : {}));
      for (let i = 0; i < all.length; i += 16) await Promise.all(all.slice(i, i + 16).map((one) => this.api.send(one)));
      await this.api.send(requests.startAll());
      if (shape.kind !== 'none') await this.api.send(requests.topology(shape));
      toast(`${count} nodes created${before ? ` beside ${before}` : ''}`, 'good');
    } catch (error) {
      this.refused(error);
    }
  }

  /** @param {string[]} names */
  partition(names) {
    return this.act(requests.partition({ a: names }, quote(names.join(','))), `${names.length} nodes cut off`).catch(() => {});
  }

  // Saying.

  /** @param {string} node @param {string} method @param {unknown[]} params @param {boolean} [stream] */
  rpcLines(node, method, params, stream = false) {
    const words = params.map((p) => quote(typeof p === 'string' ? p : JSON.stringify(p))).join(' ');
    const call = requests.call(node, method, params, `p2psim node rpc ${quote(node)} ${method}${words ? ` ${words}` : ''}${stream ? ' --subscribe' : ''}`);
    // A subscription goes on, which takes a WebSocket.
    return stream ? [this.api.cli(call)] : [this.api.cli(call), this.api.curl(call)];
  }

  /** @param {string} text */
  toast(text) {
    toast(text);
  }

  help() {
    helpDialog();
  }

  // The theme.

  /** @param {string} wanted '' for what the system has */
  setTheme(wanted) {
    const theme = wanted === 'light' || wanted === 'dark' ? wanted : matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    this.scene.setTheme(theme);
    this.network.timeline.drawn = '';
    this.schedule();
  }

  toggleTheme() {
    const theme = document.documentElement.dataset.theme === 'light' ? 'dark' : 'light';
    localStorage.setItem('p2psim-theme', theme);
    this.setTheme(theme);
  }
}

new App().start();
