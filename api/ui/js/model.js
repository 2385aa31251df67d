// What the page knows, in one place: the live network, the moment that is shown, counters over time, events, tracked
// items, what is selected, and how the connection is. Frames come in here; screens listen. It touches no element.

import { decodeFrame } from './core/frame.js';
import { NetState } from './core/state.js';
import { History } from './core/history.js';
import { Series } from './core/series.js';
import { Items } from './core/items.js';
import { components } from './core/stats.js';
import { parseFilter } from './core/filter.js';

/** @typedef {import('./core/frame.js').Stat} Stat */
/** @typedef {import('./core/frame.js').ShownEvent} ShownEvent */
/** @typedef {import('./core/frame.js').ShownMessage} ShownMessage */
/** @typedef {'frame' | 'view' | 'select' | 'status' | 'settings' | 'item'} Topic */
/** @typedef {{t: number, text: string, kind: string}} Marker */

const KEPT = 5000;

export class Model {
  constructor() {
    this.live = new NetState();
    /** What is shown: the live network, or a moment of its past. */
    this.view = this.live;
    this.past = new NetState(this.live.directory);
    this.history = new History();
    this.series = new Series();
    this.items = new Items();
    /** @type {ShownEvent[]} */
    this.events = [];
    /** @type {ShownMessage[]} */
    this.messages = [];
    /** How many there were, shown or not. */
    this.eventsOf = 0;
    this.messagesOf = 0;
    this.messagesShown = 0;
    this.eventsShown = 0;
    /** @type {Marker[]} */
    this.markers = [];
    /** @type {import('./core/frame.js').Rates} */
    this.rates = {};
    /** @type {Stat} */
    this.stat = {};
    /** @type {import('./core/frame.js').FrameHeat | undefined} */
    this.heat = undefined;
    /** @type {'paced' | 'max' | 'paused'} */
    this.clock = 'paused';
    this.pace = 1;
    /** @type {{version: string, ui: string, run: string} | null} */
    this.hello = null;
    this.connected = false;
    /** Frames since the page opened; when the last one came, by the page's clock. */
    this.frames = 0;
    this.heard = 0;
    this.gap = 0;
    this.stale = false;
    /** Nanoseconds, when the past is shown. @type {number | null} */
    this.at = null;
    /** The node in the panel, or -1; and all that are selected. */
    this.selected = -1;
    /** @type {Set<number>} */
    this.selection = new Set();
    /** The item in the panel. @type {number | null} */
    this.tracked = null;
    /** Whether the newest item takes the place of the one in the panel. */
    this.follow = true;
    this.settings = { colour: 'state', layout: 'force', edges: 'auto', filter: '', traffic: 'on' };
    this.filterError = '';
    /** @type {import('./core/filter.js').Test | null} */
    this.filterTest = null;
    /** @type {Map<Topic, Set<() => void>>} */
    this.listeners = new Map();
    /** @type {{edges: number, nodes: number, of: NetState | null, label: Int32Array, sizes: number[]}} */
    this.cached = { edges: -1, nodes: -1, of: null, label: new Int32Array(0), sizes: [] };
  }

  /** @param {Topic} topic @param {() => void} listener */
  on(topic, listener) {
    const all = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, all.add(listener));
    return () => all.delete(listener);
  }

  /** @param {Topic} topic */
  emit(topic) {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  /** @param {ArrayBuffer} buffer @returns {number} its sequence number */
  take(buffer) {
    const frame = decodeFrame(buffer);
    if (frame.whole && this.frames > 0 && frame.seq < this.live.seq) this.forget();
    if (frame.whole) this.selection = new Set([...this.selection].filter((i) => i < (frame.nodes?.index.length ?? 0)));
    this.live.apply(frame);
    this.history.note(frame, this.live);
    this.clock = frame.clock;
    this.pace = frame.pace;
    this.frames++;
    this.heard = performance.now();
    if (frame.stat) {
      this.stat = frame.stat;
      if (frame.stat.missed) this.gap = Math.max(this.gap, frame.stat.missed);
    }
    if (frame.rates) this.rates = frame.rates;
    this.heat = frame.heat;
    this.takeEvents(frame);
    if (frame.arrivals) {
      const before = this.items.latest?.id;
      this.items.note(frame.arrivals);
      const latest = this.items.latest;
      if (latest && latest.id !== before && this.follow) this.tracked = latest.id;
      this.emit('item');
    }
    this.note();
    this.emit('frame');
    if (!this.at) this.emit('view');
    return frame.seq;
  }

  /** @param {import('./core/frame.js').Frame} frame */
  takeEvents({ events, messages }) {
    if (events) {
      this.eventsOf += events.of;
      this.eventsShown += events.shown.length;
      this.events.push(...events.shown);
      if (this.events.length > KEPT * 1.2) this.events.splice(0, this.events.length - KEPT);
      for (const event of events.shown) this.mark(event);
    }
    if (messages) {
      this.messagesOf += messages.of;
      this.messagesShown += messages.shown.length;
      this.messages.push(...messages.shown);
      if (this.messages.length > KEPT * 1.2) this.messages.splice(0, this.messages.length - KEPT);
    }
  }

  /** Things worth a mark on the time line: what was asked of the network as a whole. @param {ShownEvent} event */
  mark([, ns, kind, text, a, , asked]) {
    const fault = /partition|impose|restrain|heal|lift|link|line|region|churn|mocker|snapshot|load|reset|cut|worsen/i;
    if (!asked || !(fault.test(text) || fault.test(kind)) || (a !== null && /^(start|stop|connect|disconnect)/.test(text))) return;
    const last = this.markers[this.markers.length - 1];
    if (last && last.text === text && ns / 1e9 - last.t < 0.05) return;
    this.markers.push({ t: ns / 1e9, text, kind });
    if (this.markers.length > 200) this.markers.shift();
  }

  note() {
    const { live, stat } = this;
    let bytes = 0, sent = 0;
    /** @type {Record<string, number>} */
    const values = { seq: live.seq, up: live.up, down: live.down, conns: live.conns, messages: stat.messages ?? 0, drops: stat.drops ?? 0,
      failed: stat.failed_dials ?? 0 };
    for (const [protocol, codes] of Object.entries(this.rates)) {
      let of = 0;
      for (const [s, , bs] of Object.values(codes)) {
        of += s;
        bytes += bs;
      }
      sent += of;
      values[`protocol ${protocol}`] = of;
    }
    values.sent = sent;
    values.bytes = bytes;
    this.series.note(live.ns / 1e9, values);
  }

  /** Another run, or the same from its beginning: nothing of before is true any more. */
  forget() {
    this.history.clear();
    this.series.clear();
    this.items.clear();
    this.events = [];
    this.messages = [];
    this.markers = [];
    this.eventsOf = this.eventsShown = this.messagesOf = this.messagesShown = this.gap = 0;
    this.tracked = null;
    this.selected = -1;
    this.selection.clear();
    this.goLive();
    this.emit('select');
  }

  /** Shows a moment of the past; the newest one means live. @param {number} ns */
  showAt(ns) {
    if (ns >= this.live.ns) return this.goLive();
    this.history.rebuild(ns, this.past);
    this.at = Math.max(ns, this.history.start);
    this.view = this.past;
    this.emit('view');
  }

  goLive() {
    this.at = null;
    this.view = this.live;
    this.emit('view');
  }

  /** Seconds shown. */
  get now() {
    return (this.at ?? this.live.ns) / 1e9;
  }

  get item() {
    return this.tracked === null ? undefined : this.items.all.get(this.tracked);
  }

  /** @param {number} index -1 for none @param {boolean} add */
  select(index, add = false) {
    if (!add) this.selection.clear();
    if (index >= 0) {
      if (add && this.selection.has(index)) this.selection.delete(index);
      else this.selection.add(index);
    }
    this.selected = index;
    this.emit('select');
  }

  /** @param {Iterable<number>} nodes */
  selectAll(nodes) {
    this.selection = new Set(nodes);
    this.selected = this.selection.values().next().value ?? -1;
    this.emit('select');
  }

  /** @param {Partial<Model['settings']>} change */
  set(change) {
    Object.assign(this.settings, change);
    if (change.filter !== undefined) {
      const { test, error } = parseFilter(change.filter);
      this.filterTest = test;
      this.filterError = error;
    }
    this.emit('settings');
  }

  /** Whether the filter lets a node through. @param {number} i */
  passes(i) {
    return !this.filterTest || this.filterTest(i, this.facts);
  }

  /** @type {import('./core/filter.js').Facts} */
  facts = {
    name: (i) => this.live.directory.name(i),
    id: (i) => this.live.directory.id(i),
    state: (i) => (this.view.state[i] === 1 ? 'up' : 'down'),
    degree: (i) => this.view.degree[i],
    group: (i) => this.groupName(i),
    arrival: (i) => this.item?.at(i) ?? NaN,
    hops: (i) => this.item?.hops[i] ?? 0,
    component: (i) => this.components().label[i],
  };

  /** @param {number} i */
  groupName(i) {
    return this.live.directory.groups[this.view.group[i]] ?? '';
  }

  /** Components among the nodes that are up, at the moment shown. */
  components() {
    const { view, cached } = this;
    if (cached.of !== view || cached.edges !== view.edgeVersion || cached.nodes !== view.nodeVersion) {
      const { label, sizes } = components(view.size, view.edges, (i) => view.state[i] === 1);
      this.cached = { of: view, edges: view.edgeVersion, nodes: view.nodeVersion, label, sizes };
    }
    return this.cached;
  }
}
