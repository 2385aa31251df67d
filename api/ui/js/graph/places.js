// Where nodes are on the screen's way: the positions that the layout worker aims at, and those that are shown, which
// follow smoothly. Tells the worker what the network looks like, and no more often than is useful.

import { ABSENT, DOWN, REMOVED } from '../core/state.js';

/** @typedef {import('../core/state.js').NetState} NetState */

export class Places {
  /** @param {() => void} moved */
  constructor(moved) {
    this.worker = new Worker(new URL('../../workers/layout.js', import.meta.url), { type: 'module' });
    /** Shown positions, x and y interleaved, and where they go. */
    this.at = new Float32Array(0);
    this.goal = new Float32Array(0);
    this.known = 0;
    this.done = true;
    this.moving = false;
    /** Until the worker has answered to the newest network, the layout is not done. */
    this.pending = 0;
    this.nodes = this.edges = -1;
    this.sent = -Infinity;
    this.reset = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.worker.onmessage = ({ data }) => {
      this.goal = data.at;
      this.done = data.done;
      this.pending = 0;
      if (this.at.length < this.goal.length) {
        const at = this.goal.slice();
        at.set(this.at.subarray(0, Math.min(this.at.length, this.known * 2)));
        this.at = at;
      }
      this.known = this.goal.length / 2;
      this.moving = true;
      moved();
    };
  }

  /** Nodes and connections may have changed. @param {NetState} state */
  update(state) {
    if (this.nodes === state.nodeVersion && this.edges === state.edgeVersion) return;
    this.pending = 1;
    if (this.timer) return;
    const pause = state.conns > 50_000 ? 1500 : state.conns > 5000 ? 500 : 120;
    const wait = Math.max(0, this.sent + pause - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.send(state);
    }, wait);
  }

  /** @param {NetState} state */
  send(state) {
    this.nodes = state.nodeVersion;
    this.edges = state.edgeVersion;
    this.sent = performance.now();
    const { size, edges } = state;
    const role = new Uint8Array(size), order = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      const s = state.state[i];
      // One that went down keeps its place, so that churn does not stir the picture.
      role[i] = s === ABSENT || s === REMOVED ? 0 : s === DOWN && i < this.known && state.up > 0 ? 2 : 1;
    }
    const ids = state.directory.ids;
    const byId = Array.from({ length: size }, (_, i) => i).sort((p, q) => {
      for (let k = 0; k < 32; k++) if (ids[p * 32 + k] !== ids[q * 32 + k]) return ids[p * 32 + k] - ids[q * 32 + k];
      return p - q;
    });
    byId.forEach((node, rank) => { order[node] = rank; });
    const a = edges.a.slice(0, edges.count), b = edges.b.slice(0, edges.count), group = state.group.slice(0, size), region = state.region.slice(0, size);
    this.worker.postMessage({ type: 'graph', role, a, b, group, region, order, reset: this.reset },
      [role.buffer, a.buffer, b.buffer, group.buffer, region.buffer, order.buffer]);
    if (this.reset) this.known = 0;
    this.reset = false;
    this.pending = 1;
  }

  /** @param {string} mode @param {number} root */
  mode(mode, root) {
    this.worker.postMessage({ type: 'mode', mode, root: Math.max(0, root) });
    this.pending = 1;
  }

  /** @param {number} node @param {number} x @param {number} y @param {boolean} hold */
  pin(node, x, y, hold) {
    this.at[node * 2] = this.goal[node * 2] = x;
    this.at[node * 2 + 1] = this.goal[node * 2 + 1] = y;
    this.worker.postMessage({ type: 'pin', node, x, y, hold });
  }

  /** Everything stands where it should. */
  get settled() {
    return this.done && !this.moving && !this.pending;
  }

  /** One step towards the goal; false when there. @param {number} seconds @param {number} k pixels per unit @param {boolean} atOnce */
  follow(seconds, k, atOnce) {
    if (!this.moving) return false;
    const { at, goal } = this;
    const share = atOnce ? 1 : 1 - Math.exp(-seconds * 12);
    let most = 0;
    const n = Math.min(at.length, goal.length);
    for (let i = 0; i < n; i++) {
      const d = goal[i] - at[i];
      if (d !== 0) {
        at[i] += d * share;
        most = Math.max(most, Math.abs(d));
      }
    }
    if (most * k < 0.15) {
      at.set(goal.subarray(0, n));
      this.moving = false;
    }
    return true;
  }

  /** The box around all nodes that are there, without the farthest few. @param {NetState} state */
  bounds(state) {
    const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
    for (let i = 0; i < Math.min(state.size, this.known); i++) {
      if (!state.exists(i)) continue;
      const x = this.goal[i * 2], y = this.goal[i * 2 + 1];
      box.x0 = Math.min(box.x0, x);
      box.x1 = Math.max(box.x1, x);
      box.y0 = Math.min(box.y0, y);
      box.y1 = Math.max(box.y1, y);
    }
    return box;
  }
}
