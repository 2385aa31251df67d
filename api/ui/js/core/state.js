// The network as a fold of frames: which nodes there are and how they are, and which connections are up. Everything
// lives in typed arrays indexed by the node's number, which is never reused. Counters, messages and arrivals of a frame
// are other modules' business.

import { EdgeTable } from './edges.js';

/** @typedef {import('./frame.js').Frame} Frame */

export const DOWN = 0;
export const UP = 1;
export const REMOVED = 2;
/** A number that no node has yet. */
export const ABSENT = 255;

/** What does not change once it is known of a node; shared by the present and every past. */
export class Directory {
  constructor() {
    /** @type {string[]} */
    this.names = [];
    this.ids = new Uint8Array(32 * 64);
    /** @type {Map<string, number>} */
    this.byName = new Map();
    /** @type {string[]} */
    this.groups = [];
  }

  /** @param {number} index @param {string} name @param {Uint8Array} id */
  add(index, name, id) {
    if ((index + 1) * 32 > this.ids.length) {
      const ids = new Uint8Array(Math.max(this.ids.length * 2, (index + 1) * 32));
      ids.set(this.ids);
      this.ids = ids;
    }
    this.ids.set(id, index * 32);
    this.names[index] = name;
    this.byName.set(name, index);
  }

  /** 64 hex digits. @param {number} index */
  id(index) {
    let text = '';
    for (let i = index * 32; i < index * 32 + 32; i++) text += (this.ids[i] ?? 0).toString(16).padStart(2, '0');
    return text;
  }

  /** @param {number} index */
  name(index) {
    return this.names[index] || `#${index}`;
  }
}

/** @typedef {{ns: number, seq: number, state: Uint8Array, region: Uint8Array, group: Uint16Array, a: Uint32Array, b: Uint32Array}} KeyFrame */

export class NetState {
  /** One more than the highest number of a node. */
  size = 0;
  state = new Uint8Array(256).fill(ABSENT);
  /** 0 is none. */
  region = new Uint8Array(256);
  group = new Uint16Array(256);
  /** Connections that are up, by node. */
  degree = new Uint32Array(256);
  edges = new EdgeTable();
  ns = 0;
  seq = 0;
  /** Nodes that are up, and that are down. */
  up = 0;
  down = 0;
  /** Grow with every change of who is there and how, and of who is connected. */
  nodeVersion = 0;
  edgeVersion = 0;
  near = { version: -1, start: new Uint32Array(1), list: new Uint32Array(0) };

  /** @param {Directory} directory */
  constructor(directory = new Directory()) {
    this.directory = directory;
  }

  clear() {
    this.size = this.ns = this.seq = this.up = this.down = 0;
    this.state.fill(ABSENT);
    this.degree.fill(0);
    this.edges.clear();
    this.nodeVersion++;
    this.edgeVersion++;
  }

  /** Connections that are up. */
  get conns() {
    return this.edges.count;
  }

  /** Takes a frame in. @param {Frame} frame */
  apply(frame) {
    if (frame.whole) {
      this.clear();
      // A node of another run may have had the same number.
      this.directory.byName.clear();
      this.directory.names.length = 0;
    }
    if (frame.groups) this.directory.groups = frame.groups;
    this.learn(frame);
    this.fold(frame);
  }

  /** Names and ids of nodes that are new in this frame. @param {Frame} frame */
  learn(frame) {
    const { nodes, ids, names } = frame;
    if (!nodes || !ids || !names) return;
    let row = 0;
    for (let i = 0; i < nodes.index.length && row < names.length; i++) {
      const index = nodes.index[i];
      if (!frame.whole && this.directory.names[index] !== undefined) continue;
      this.directory.add(index, names[row], ids.subarray(row * 32, row * 32 + 32));
      row++;
    }
  }

  /** A moment that the server has told: the names of nodes that are gone since may be new, the others stay. @param {Frame} frame */
  become(frame) {
    this.clear();
    const { nodes, ids, names } = frame;
    if (nodes && ids && names) {
      for (let i = 0; i < names.length; i++) {
        if (this.directory.names[nodes.index[i]] === undefined) this.directory.add(nodes.index[i], names[i], ids.subarray(i * 32, i * 32 + 32));
      }
    }
    this.fold(frame);
  }

  /** The part that a past can be rebuilt from. @param {Pick<Frame, 'ns' | 'seq' | 'nodes' | 'conns'>} frame */
  fold(frame) {
    this.ns = frame.ns;
    this.seq = frame.seq;
    const { nodes, conns } = frame;
    if (nodes && nodes.index.length) {
      this.nodeVersion++;
      for (let i = 0; i < nodes.index.length; i++) this.put(nodes.index[i], nodes.state[i], nodes.group[i], nodes.region[i]);
    }
    if (conns && conns.a.length) {
      let changed = false;
      for (let i = 0; i < conns.a.length; i++) {
        const a = conns.a[i], b = conns.b[i];
        if (a >= this.size || b >= this.size || a === b) continue;
        if (conns.up[i] ? this.edges.add(a, b) : this.edges.remove(a, b)) {
          const by = conns.up[i] ? 1 : -1;
          this.degree[a] += by;
          this.degree[b] += by;
          changed = true;
        }
      }
      if (changed) this.edgeVersion++;
    }
  }

  /** @param {number} index @param {number} state @param {number} group @param {number} region */
  put(index, state, group, region) {
    if (index >= this.state.length) this.grow(Math.max(this.state.length * 2, index + 1));
    if (index >= this.size) this.size = index + 1;
    const before = this.state[index];
    if (before === UP) this.up--;
    if (before === DOWN) this.down--;
    if (state === UP) this.up++;
    if (state === DOWN) this.down++;
    this.state[index] = state;
    this.group[index] = group;
    this.region[index] = region;
  }

  /** @param {number} capacity */
  grow(capacity) {
    const state = new Uint8Array(capacity).fill(ABSENT);
    const region = new Uint8Array(capacity);
    const group = new Uint16Array(capacity);
    const degree = new Uint32Array(capacity);
    state.set(this.state);
    region.set(this.region);
    group.set(this.group);
    degree.set(this.degree);
    Object.assign(this, { state, region, group, degree });
  }

  /** Whether there is such a node at this time. @param {number} index */
  exists(index) {
    return index < this.size && this.state[index] < REMOVED;
  }

  /** Who it is connected to, in order. @param {number} index @returns {number[]} */
  neighbours(index) {
    if (this.near.version !== this.edgeVersion || this.near.start.length !== this.size + 1) this.sortEdges();
    const { start, list } = this.near;
    return index < this.size ? Array.from(list.subarray(start[index], start[index + 1])).sort((x, y) => x - y) : [];
  }

  /** Ends by node, for all nodes at once; kept until a connection changes. */
  sortEdges() {
    const { a, b, count } = this.edges;
    const start = new Uint32Array(this.size + 1), list = new Uint32Array(count * 2);
    for (let i = 0; i < this.size; i++) start[i + 1] = start[i] + this.degree[i];
    const at = start.slice();
    for (let e = 0; e < count; e++) {
      list[at[a[e]]++] = b[e];
      list[at[b[e]]++] = a[e];
    }
    this.near = { version: this.edgeVersion, start, list };
  }

  /** @returns {KeyFrame} */
  keyFrame() {
    return {
      ns: this.ns, seq: this.seq,
      state: this.state.slice(0, this.size), region: this.region.slice(0, this.size), group: this.group.slice(0, this.size),
      a: this.edges.a.slice(0, this.edges.count), b: this.edges.b.slice(0, this.edges.count),
    };
  }

  /** @param {KeyFrame} key */
  restore(key) {
    this.clear();
    for (let i = 0; i < key.state.length; i++) {
      if (key.state[i] !== ABSENT) this.put(i, key.state[i], key.group[i], key.region[i]);
    }
    this.edges.restore(key.a, key.b);
    for (let i = 0; i < key.a.length; i++) {
      this.degree[key.a[i]]++;
      this.degree[key.b[i]]++;
    }
    this.ns = key.ns;
    this.seq = key.seq;
  }
}
