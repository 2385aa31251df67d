// What the page knows, in one place: the live network, the moment that is shown, counters over time, events, tracked
// items, what is selected, and how the connection is. Frames come in here; screens listen. It touches no element.

import { decodeFrame } from './core/frame.js';
import { NetState } from './core/state.js';
import { History } from './core/history.js';
import { Series } from './core/series.js';
import { Items } from './core/items.js';
import { Load } from './core/load.js';
import { components } from './core/stats.js';
import { parseFilter } from './core/filter.js';

/** @typedef {import('./core/frame.js').Stat} Stat */
/** @typedef {import('./core/frame.js').ShownEvent} ShownEvent */
/** @typedef {import('./core/frame.js').ShownMessage} ShownMessage */
/** @typedef {'frame' | 'view' | 'select' | 'status' | 'settings' | 'item'} Topic */
/** @typedef {{t: number, text: string, kind: string, more: number}} Marker */

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
    this.load = new Load();
    /** What was listed of the network's events, through the screen's filter. @type {ShownEvent[]} */
    this.events = [];
    /** @type {ShownMessage[]} */
    this.messages = [];
    /** How many passed the filter, shown or not. */
    this.eventsOf = 0;
    this.messagesOf = 0;
    this.messagesShown = 0;
    this.eventsShown = 0;
    /** @type {Marker[]} */
    this.markers = [];
    /** What regions are called, where the server says so. @type {string[]} */
    this.regions = [];
    /** @type {import('./core/frame.js').Rates} */
    this.rates = {};
    /** @type {Stat} */
    this.stat = {};
    /** @type {import('./core/frame.js').FrameHeat | undefined} */
    this.heat = undefined;
    /** @type {'paced' | 'max' | 'paused'} */
    this.clock = 'paused';
    this.pace = 1;
    /** @type {import('./net/link.js').Hello | null} */
    this.hello = null;
    this.connected = false;
    /** Frames since the page opened; when the last one came, by the page's clock. */
    this.frames = 0;
    /** Those of them that told everything there is. */
    this.wholes = 0;
    this.heard = 0;
    this.gap = 0;
    /** Nodes that went down since the page opened, as far as they stayed so for a frame. */
    this.lost = 0;
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
    // A whole frame comes with all marks.
    if (frame.whole) this.markers = [];
    const { up } = this.live;
    this.live.apply(frame);
    if (!frame.whole) this.lost += Math.max(0, up - this.live.up);
    this.history.note(frame, this.live);
    this.clock = frame.clock;
    this.pace = frame.pace;
    this.frames++;
    if (frame.whole) this.wholes++;
    this.heard = performance.now();
    if (frame.stat) {
      this.stat = frame.stat;
      if (frame.stat.missed) this.gap = Math.max(this.gap, frame.stat.missed);
    }
    if (frame.rates) this.rates = frame.rates;
    this.heat = frame.heat;
    this.load.note(frame.ns / 1e9, frame.heat);
    this.takeEvents(frame);
    if (frame.marks) this.takeMarks(frame.marks);
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
    }
    if (messages) {
      this.messagesOf += messages.of;
      this.messagesShown += messages.shown.length;
      this.messages.push(...messages.shown);
      if (this.messages.length > KEPT * 1.2) this.messages.splice(0, this.messages.length - KEPT);
    }
  }

  /** What was done to the network as a whole; several at once are one mark. @param {import('./core/frame.js').Mark[]} marks */
  takeMarks(marks) {
    for (const [ns, kind, text, node] of marks) {
      const t = ns / 1e9, last = this.markers[this.markers.length - 1];
      const said = node === null ? text : `${text} ${this.live.directory.name(node)}`;
      if (last && t - last.t < 0.05) last.text = last.more++ ? last.text.replace(/ \+\d+$/, ` +${last.more}`) : `${last.text} +1`;
      else this.markers.push({ t, text: said, kind, more: 0 });
    }
    if (this.markers.length > 200) this.markers.splice(0, this.markers.length - 200);
  }

  /** Another filter: what is listed is no longer what is asked for. */
  clearLists() {
    this.events = [];
    this.messages = [];
    this.eventsOf = this.eventsShown = this.messagesOf = this.messagesShown = 0;
  }

  note() {
    const { live, stat } = this;
    /** @type {Record<string, number>} */
    const values = { lost: this.lost, up: live.up, down: live.down, conns: live.conns, messages: stat.messages ?? 0, drops: stat.drops ?? 0,
      failed: stat.failed_dials ?? 0 };
    for (const [protocol, codes] of Object.entries(this.rates)) {
      let sent = 0, bytes = 0;
      for (const [messages, , size] of Object.values(codes)) {
        sent += messages;
        bytes += size;
      }
      values[`protocol ${protocol}`] = sent;
      values[`bytes ${protocol}`] = bytes;
    }
    this.series.note(live.ns / 1e9, values);
  }

  /** Another run, or the same from its beginning: nothing of before is true any more. */
  forget() {
    this.history.clear();
    this.series.clear();
    this.items.clear();
    this.load.clear();
    this.clearLists();
    this.markers = [];
    this.gap = this.lost = 0;
    this.tracked = null;
    this.selected = -1;
    this.selection.clear();
    this.goLive();
    this.emit('select');
  }

  /** Asks for a moment that this page has not seen. @type {((ns: number) => void) | null} */
  ask = null;

  /** The earliest moment that can be shown, in nanoseconds. */
  get earliest() {
    return Math.min(this.history.start, this.ask ? this.hello?.past ?? Infinity : Infinity);
  }

  /** Shows a moment of the past; the newest one means live. @param {number} ns */
  showAt(ns) {
    if (ns >= this.live.ns) return this.goLive();
    ns = Math.max(ns, this.earliest);
    this.at = ns;
    if (ns < this.history.start && this.ask) return this.ask(ns);
    this.history.rebuild(ns, this.past);
    this.view = this.past;
    return this.emit('view');
  }

  /** The moment that was asked for. @param {number} ns @param {import('./core/frame.js').Frame} frame */
  showPast(ns, frame) {
    if (this.at === null || Math.abs(this.at - ns) > 1) return;
    this.past.become(frame);
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
    region: (i) => this.regionName(this.view.region[i]),
    arrival: (i) => this.item?.at(i) ?? NaN,
    hops: (i) => this.item?.hops[i] ?? 0,
    component: (i) => this.components().label[i],
  };

  /** @param {number} i */
  groupName(i) {
    return this.live.directory.groups[this.view.group[i]] ?? '';
  }

  /** @param {number} region as frames have it: 0 is none */
  regionName(region) {
    return region ? this.regions[region - 1] ?? String(region - 1) : '';
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
