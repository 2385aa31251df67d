// Tracked items: when each node first had one, over how many hops, and how many copies came after. Fed by the arrivals
// of frames, asked by the wave, the colours, the curve and the tree of who had it from whom.

import { sorted } from './stats.js';

/** @typedef {import('./frame.js').FrameArrivals} FrameArrivals */

export class Item {
  /** @param {number} id @param {number} origin @param {number} time */
  constructor(id, origin, time) {
    this.id = id;
    /** Who published it, and when (simulated seconds). */
    this.origin = origin;
    this.time = time;
    /** Seconds after its publication, by node; NaN where it has not been. */
    this.delay = new Float64Array(256).fill(NaN);
    this.hops = new Uint16Array(256);
    /** Who sent a node its first copy; −1 where it was published or has not been. */
    this.from = new Int32Array(256).fill(-1);
    /** First arrivals, in the order they were told, and copies that came after a first. */
    /** @type {number[]} */
    this.reached = [];
    this.duplicates = 0;
    this.maxHops = 0;
    /** The latest first arrival. */
    this.last = 0;
    this.version = 0;
  }

  /** @param {number} node @param {number} time @param {number} hops @param {boolean} duplicate @param {number} from −1 for nobody */
  note(node, time, hops, duplicate, from) {
    this.version++;
    if (node >= this.delay.length) {
      const delay = new Float64Array(Math.max(node + 1, this.delay.length * 2)).fill(NaN);
      const wide = new Uint16Array(delay.length), senders = new Int32Array(delay.length).fill(-1);
      delay.set(this.delay);
      wide.set(this.hops);
      senders.set(this.from);
      this.from = senders;
      this.delay = delay;
      this.hops = wide;
    }
    if (duplicate || !Number.isNaN(this.delay[node])) {
      this.duplicates++;
      return;
    }
    this.delay[node] = Math.max(0, time - this.time);
    this.hops[node] = hops;
    this.from[node] = from;
    this.reached.push(node);
    this.maxHops = Math.max(this.maxHops, hops);
    this.last = Math.max(this.last, this.delay[node]);
  }

  /** When it came to that node, in seconds after its publication; NaN if it has not. @param {number} node */
  at(node) {
    return node < this.delay.length ? this.delay[node] : NaN;
  }

  /** All delays up to `until`, sorted. */
  delays(until = Infinity) {
    const all = [];
    for (const node of this.reached) if (this.delay[node] <= until) all.push(this.delay[node]);
    return sorted(all);
  }

  /** First arrivals by number of hops. @param {number} until seconds after publication */
  byHops(until = Infinity) {
    const counts = new Array(this.maxHops + 1).fill(0);
    for (const node of this.reached) if (this.delay[node] <= until) counts[this.hops[node]]++;
    return counts;
  }

  /** To whom each node's copy was the first, as a tree from the publisher. @returns {Map<number, number[]>} */
  children() {
    /** @type {Map<number, number[]>} */
    const children = new Map();
    for (const node of this.reached) {
      const from = this.from[node];
      if (from < 0) continue;
      const list = children.get(from);
      if (list) list.push(node);
      else children.set(from, [node]);
    }
    return children;
  }
}

export class Items {
  constructor(limit = 32) {
    this.limit = limit;
    /** @type {Map<number, Item>} */
    this.all = new Map();
  }

  clear() {
    this.all.clear();
  }

  /** The one that was published last. */
  get latest() {
    let last;
    for (const item of this.all.values()) if (!last || item.time >= last.time) last = item;
    return last;
  }

  /** @param {FrameArrivals} arrivals */
  note(arrivals) {
    for (let i = 0; i < arrivals.item.length; i++) {
      const id = arrivals.item[i], node = arrivals.node[i], time = arrivals.time[i];
      let item = this.all.get(id);
      if (!item) {
        item = new Item(id, node, time);
        this.all.set(id, item);
        if (this.all.size > this.limit) this.all.delete(this.all.keys().next().value ?? id);
      }
      item.note(node, time, arrivals.hops[i], arrivals.duplicate[i] === 1, arrivals.from[i] | 0);
    }
  }
}
