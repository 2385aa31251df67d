// A network that exists only in this page, as a test aid: `?synthetic=10000x250000` makes frames like the server's,
// with churn, traffic and waves, and sends them through the same decoder. Nothing here simulates a protocol.

import { encodeFrame } from '../core/frame.js';
import { random } from '../core/random.js';

/** @typedef {import('../core/frame.js').Frame} Frame */

/** @param {string} text such as 1000x10000 */
export function parseSize(text) {
  const [n, m] = text.split('x').map(Number);
  return { n: Math.min(20_000, Math.max(1, n || 50)), m: Math.min(500_000, m || (n || 50) * 4) };
}

/** Stands where a Link would. */
export class Synthetic {
  /** @param {string} size @param {import('./link.js').LinkEvents} events */
  constructor(size, events) {
    const { n, m } = parseSize(size);
    this.n = n;
    this.events = events;
    this.rng = random(42);
    /** @type {number[][]} */
    this.near = Array.from({ length: n }, () => []);
    const a = [], b = [], seen = new Set();
    for (let tries = 0; a.length < m && tries < m * 4; tries++) {
      const i = tries % n, j = this.rng() < 0.8 ? (i + 1 + Math.floor(this.rng() * Math.max(3, n * 0.02))) % n : Math.floor(this.rng() * n);
      const key = Math.min(i, j) * n + Math.max(i, j);
      if (i === j || seen.has(key)) continue;
      seen.add(key);
      a.push(i);
      b.push(j);
      this.near[i].push(j);
      this.near[j].push(i);
    }
    this.a = Uint32Array.from(a);
    this.b = Uint32Array.from(b);
    this.up = new Uint8Array(n).fill(1);
    this.seq = this.ns = this.messages = 0;
    this.pace = 1;
    this.item = 0;
    /** @type {[number, number, number, number, number, number][]} arrivals to come: item, seconds, node, hops, duplicate, sender */
    this.arrivals = [];
    this.unseen = 0;
  }

  start() {
    this.events.status(true, 0);
    this.events.hello({ version: 'synthetic', ui: '', run: 'synthetic', virtual: true });
    const ids = new Uint8Array(this.n * 32).map(() => this.rng() * 256);
    this.emit({
      whole: true,
      nodes: { index: Uint32Array.from(this.up, (_, i) => i), state: this.up, region: Uint8Array.from(this.up, (_, i) => 1 + ((i * 4 / this.n) | 0)), group: Uint16Array.from(this.up, (_, i) => i % 3) },
      ids, names: Array.from(this.up, (_, i) => `node${String(i + 1).padStart(2, '0')}`), groups: ['gossip', 'gossip+ping-pong', 'noop'],
      conns: { a: this.a, b: this.b, up: new Uint8Array(this.a.length).fill(1) }, stat: this.stat(),
    });
    setInterval(() => this.tick(), 100);
  }

  send() {}
  retry() {}

  drawn() {
    this.unseen--;
  }

  /** @param {Partial<Frame>} frame */
  emit(frame) {
    this.unseen++;
    const clock = this.pace === 0 ? 'paused' : 'paced';
    this.events.frame(encodeFrame({ whole: false, seq: this.seq, ns: this.ns, pace: this.pace, clock, ...frame }));
  }

  stat() {
    let up = 0;
    for (const state of this.up) up += state;
    const isolated = [];
    for (let i = 0; i < this.n; i++) if (this.up[i] && !this.near[i].some((j) => this.up[j])) isolated.push(i);
    const warnings = isolated.length ? [{ kind: 'isolated', text: `${isolated.length} isolated`, nodes: isolated }] : [];
    return { nodes: this.n, up, conns: this.a.length, drops: 0, failed_dials: 0, messages: this.messages, missed: 0, restraints: 0, warnings };
  }

  /** One step of 100 ms. */
  tick(force = false) {
    if ((this.pace === 0 && !force) || this.unseen > 2) return;
    this.ns += 1e8 * (this.pace || 1);
    const { rng, n } = this, m = this.a.length;
    const changed = new Set(Array.from({ length: Math.ceil(n / 2000) }, () => Math.floor(rng() * n)));
    /** @type {[number, number, number][]} */
    const conns = [];
    /** @type {[number, number, string, string, number|null, number|null, boolean][]} */
    const shown = [];
    for (const i of changed) {
      if (rng() < (this.up[i] ? 0.6 : 0)) continue;
      this.up[i] ^= 1;
      shown.push([++this.seq, this.ns, 'node', this.up[i] ? 'up' : 'down', i, null, false]);
      for (const j of this.near[i]) if (this.up[j]) conns.push([i, j, this.up[i]]);
    }
    const busy = Array.from({ length: Math.min(m, 300) }, () => Math.floor(rng() * m));
    this.messages += m;
    const due = this.arrivals.filter((row) => row[1] <= this.ns / 1e9);
    this.arrivals = this.arrivals.filter((row) => row[1] > this.ns / 1e9);
    const list = [...changed];
    this.emit({
      nodes: { index: Uint32Array.from(list), state: Uint8Array.from(list, (i) => this.up[i]), region: Uint8Array.from(list, (i) => 1 + ((i * 4 / n) | 0)), group: Uint16Array.from(list, (i) => i % 3) },
      conns: { a: Uint32Array.from(conns, (c) => c[0]), b: Uint32Array.from(conns, (c) => c[1]), up: Uint8Array.from(conns, (c) => c[2]) },
      heat: { a: Uint32Array.from(busy, (e) => this.a[e]), b: Uint32Array.from(busy, (e) => this.b[e]), count: Uint32Array.from(busy, () => 1 + rng() * 5), bytes: Uint32Array.from(busy, () => 100 + rng() ** 8 * 9000) },
      stat: this.stat(), rates: { 'gossip/1': { 0: [this.messages, this.messages, this.messages * 90, this.messages * 90] } },
      events: { of: shown.length, shown },
      messages: { of: m, shown: busy.slice(0, 20).map((e) => [this.ns, this.a[e], this.b[e], 'gossip/1', 0, true, 90]) },
      arrivals: due.length ? { item: Float64Array.from(due, (r) => r[0]), time: Float64Array.from(due, (r) => r[1]), node: Uint32Array.from(due, (r) => r[2]),
        hops: Uint16Array.from(due, (r) => r[3]), duplicate: Uint8Array.from(due, (r) => r[4]), from: Uint32Array.from(due, (r) => r[5]) } : undefined,
    });
  }

  /** Lets an item travel from a node, 20 to 80 ms a hop. @param {number} origin */
  publish(origin) {
    const best = new Float64Array(this.n).fill(Infinity), item = ++this.item * 7919, now = this.ns / 1e9;
    /** @type {[number, number, number, number][]} */
    let front = [[origin, 0, 0, -1]];
    best[origin] = 0;
    while (front.length) {
      /** @type {[number, number, number, number][]} */
      const next = [];
      for (const [node, t, hops, from] of front) {
        if (best[node] < t) continue;
        this.arrivals.push([item, now + t, node, hops, 0, from]);
        for (const other of this.near[node]) {
          const at = t + 0.02 + this.rng() * 0.06;
          if (!this.up[other]) continue;
          if (at < best[other]) {
            best[other] = at;
            next.push([other, at, hops + 1, node]);
          }
        }
      }
      front = next;
    }
    this.arrivals.sort((p, q) => p[1] - q[1]);
    return item;
  }
}
