// Where nodes go: springs along connections, repulsion between all (Barnes and Hut's tree), a little gravity, cooled
// down until nothing moves. Plain arrays in, plain arrays out; runs in workers/layout.js and in the tests. It decides
// nothing about pixels, and what it draws at random follows from the seed.

import { random } from '../core/random.js';

const SPRING = 34;
const CHARGE = -42;
const GRAVITY = 0.028;
const FRICTION = 0.6;
/** Colder than this, it is done. */
const COLD = 0.004;
const MAX_DEPTH = 40;

export class Force {
  constructor(seed = 1) {
    this.rng = random(seed);
    this.n = 0;
    this.x = new Float32Array(0);
    this.y = new Float32Array(0);
    this.vx = new Float32Array(0);
    this.vy = new Float32Array(0);
    /** 0 not there, 1 moves, 2 stays where it is but pushes others, 3 pinned by hand. @type {Uint8Array} */
    this.role = new Uint8Array(0);
    /** @type {Uint32Array} */
    this.a = new Uint32Array(0);
    /** @type {Uint32Array} */
    this.b = new Uint32Array(0);
    this.strength = new Float32Array(0);
    this.bias = new Float32Array(0);
    this.alpha = 0;
    this.tree = new Tree();
  }

  get done() {
    return this.alpha < COLD;
  }

  /** Distance of nodes when they lie evenly, for those who place new ones. */
  get extent() {
    return SPRING * 0.55 * Math.sqrt(Math.max(1, this.n));
  }

  /**
   * Who is there and who is connected. Nodes seen before keep their places; new ones start beside a neighbour, or on
   * the circle in the order of their numbers, where a ring is already untangled.
   * @param {Uint8Array} role @param {Uint32Array} a @param {Uint32Array} b
   */
  change(role, a, b) {
    const known = this.n, n = role.length;
    const before = this.role;
    for (const key of /** @type {const} */ (['x', 'y', 'vx', 'vy'])) {
      const wide = new Float32Array(n);
      wide.set(this[key].subarray(0, Math.min(known, n)));
      this[key] = wide;
    }
    this.n = n;
    this.role = role;
    for (let i = 0; i < Math.min(known, n); i++) if (before[i] === 3 && role[i]) role[i] = 3;
    this.connect(a, b);
    const fresh = new Uint8Array(n);
    let count = 0;
    for (let i = 0; i < n; i++) if (role[i] && (i >= known || !before[i])) count += fresh[i] = 1;
    if (count === 0) return 0;
    const radius = this.extent;
    for (let i = 0; i < n; i++) {
      if (!fresh[i]) continue;
      const angle = (i / n) * 2 * Math.PI, r = radius * (0.85 + 0.3 * this.rng());
      this.x[i] = Math.cos(angle) * r;
      this.y[i] = Math.sin(angle) * r;
    }
    if (count < n / 2) {
      for (let e = 0; e < a.length; e++) {
        const p = a[e], q = b[e];
        if (fresh[p] !== fresh[q]) this.beside(fresh[p] ? p : q, fresh[p] ? q : p, fresh);
      }
    }
    return count;
  }

  /** @param {number} node @param {number} other @param {Uint8Array} fresh */
  beside(node, other, fresh) {
    this.x[node] = this.x[other] + (this.rng() - 0.5) * SPRING;
    this.y[node] = this.y[other] + (this.rng() - 0.5) * SPRING;
    fresh[node] = 0;
  }

  /** @param {Uint32Array} a @param {Uint32Array} b */
  connect(a, b) {
    const degree = new Uint32Array(this.n);
    for (let e = 0; e < a.length; e++) {
      degree[a[e]]++;
      degree[b[e]]++;
    }
    this.a = a;
    this.b = b;
    this.strength = new Float32Array(a.length);
    this.bias = new Float32Array(a.length);
    for (let e = 0; e < a.length; e++) {
      const p = degree[a[e]], q = degree[b[e]];
      this.strength[e] = 1 / Math.min(p, q);
      this.bias[e] = p / (p + q);
    }
  }

  /** Warms it up to at least `alpha`. @param {number} alpha */
  heat(alpha) {
    this.alpha = Math.max(this.alpha, alpha);
  }

  /** One step; the sum of squared speeds is what is left to do. */
  tick() {
    this.alpha *= this.n > 3000 ? 0.955 : 0.974;
    this.springs();
    this.repel();
    return this.move();
  }

  springs() {
    const { x, y, vx, vy, a, b, alpha } = this;
    for (let e = 0; e < a.length; e++) {
      const p = a[e], q = b[e];
      let dx = x[q] + vx[q] - x[p] - vx[p], dy = y[q] + vy[q] - y[p] - vy[p];
      const length = Math.sqrt(dx * dx + dy * dy) || 1e-3;
      const pull = ((length - SPRING) / length) * alpha * this.strength[e];
      dx *= pull;
      dy *= pull;
      const share = this.bias[e];
      vx[q] -= dx * share;
      vy[q] -= dy * share;
      vx[p] += dx * (1 - share);
      vy[p] += dy * (1 - share);
    }
  }

  repel() {
    const { x, y, vx, vy, role, tree, alpha } = this;
    tree.build(x, y, role, this.n);
    const theta = this.n > 3000 ? 1.44 : 0.81;
    for (let i = 0; i < this.n; i++) {
      if (role[i] === 1) tree.push(i, x, y, vx, vy, CHARGE * alpha, theta);
    }
  }

  move() {
    const { x, y, vx, vy, role, alpha } = this;
    const pull = GRAVITY * alpha;
    let energy = 0;
    for (let i = 0; i < this.n; i++) {
      if (role[i] !== 1) {
        vx[i] = vy[i] = 0;
        continue;
      }
      vx[i] = (vx[i] - x[i] * pull) * FRICTION;
      vy[i] = (vy[i] - y[i] * pull) * FRICTION;
      const speed = Math.hypot(vx[i], vy[i]);
      // A node thrown far costs many steps to come back.
      const cap = speed > 200 ? 200 / speed : 1;
      x[i] += vx[i] *= cap;
      y[i] += vy[i] *= cap;
      energy += speed * speed;
    }
    return energy;
  }
}

/** A quadtree over points, in arrays: cell c has children 4c..4c+3, which are cells (> 0), points (< 0, as ~i) or none (0). */
class Tree {
  constructor() {
    this.cells = 0;
    this.child = new Int32Array(0);
    this.mass = new Float32Array(0);
    this.mx = new Float32Array(0);
    this.my = new Float32Array(0);
    this.next = new Int32Array(0);
    this.stack = new Int32Array(512);
    this.width = 1;
  }

  /** @param {Float32Array} x @param {Float32Array} y @param {Uint8Array} role @param {number} n */
  build(x, y, role, n) {
    const room = n * 2 + 64;
    if (this.mass.length < room) this.reserve(room);
    if (this.next.length < n) this.next = new Int32Array(n);
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    for (let i = 0; i < n; i++) {
      if (!role[i]) continue;
      if (x[i] < x0) x0 = x[i];
      if (x[i] > x1) x1 = x[i];
      if (y[i] < y0) y0 = y[i];
      if (y[i] > y1) y1 = y[i];
    }
    this.width = Math.max(x1 - x0, y1 - y0, 1) * 1.001;
    this.cells = 1;
    this.child.fill(0, 0, 4);
    this.mass[0] = this.mx[0] = this.my[0] = 0;
    for (let i = 0; i < n; i++) if (role[i]) this.insert(i, x, y, x0, y0);
    for (let c = 0; c < this.cells; c++) {
      this.mx[c] /= this.mass[c] || 1;
      this.my[c] /= this.mass[c] || 1;
    }
  }

  /** @param {number} i @param {Float32Array} x @param {Float32Array} y @param {number} left @param {number} top */
  insert(i, x, y, left, top) {
    const px = x[i], py = y[i];
    let cell = 0, half = this.width / 2;
    this.next[i] = -1;
    for (let depth = 0; ; depth++) {
      this.mass[cell]++;
      this.mx[cell] += px;
      this.my[cell] += py;
      const right = px >= left + half, low = py >= top + half;
      const at = cell * 4 + (right ? 1 : 0) + (low ? 2 : 0);
      if (right) left += half;
      if (low) top += half;
      half /= 2;
      const held = this.child[at];
      if (held === 0) {
        this.child[at] = ~i;
        return;
      }
      if (held > 0) {
        cell = held;
        continue;
      }
      const other = ~held;
      if (depth > MAX_DEPTH || (x[other] === px && y[other] === py)) {
        this.next[i] = other;
        this.child[at] = ~i;
        return;
      }
      if (this.cells === this.mass.length) this.reserve(this.cells * 2);
      const fresh = this.cells++;
      this.child.fill(0, fresh * 4, fresh * 4 + 4);
      this.mass[fresh] = this.mx[fresh] = this.my[fresh] = 0;
      this.child[at] = fresh;
      // What was here moves one down, with all that lie at the same place.
      for (let k = other; k >= 0; k = this.next[k]) {
        this.mass[fresh]++;
        this.mx[fresh] += x[k];
        this.my[fresh] += y[k];
      }
      this.child[fresh * 4 + (x[other] >= left + half ? 1 : 0) + (y[other] >= top + half ? 2 : 0)] = held;
      cell = fresh;
    }
  }

  /** The push of all others on point i. @param {number} i @param {Float32Array} x @param {Float32Array} y
   * @param {Float32Array} vx @param {Float32Array} vy @param {number} charge @param {number} theta2 */
  push(i, x, y, vx, vy, charge, theta2) {
    const { child, mass, mx, my, stack, next } = this;
    const px = x[i], py = y[i];
    let fx = 0, fy = 0, top = 0;
    stack[top++] = 0;
    // The width of a cell goes along with it on the stack, as its depth.
    stack[top++] = 0;
    while (top > 0) {
      const depth = stack[--top], cell = stack[--top];
      const width = this.width / (1 << Math.min(30, depth));
      let dx = mx[cell] - px, dy = my[cell] - py, d2 = dx * dx + dy * dy;
      if (width * width < theta2 * d2) {
        const f = (charge * mass[cell]) / d2;
        fx += dx * f;
        fy += dy * f;
        continue;
      }
      for (let k = cell * 4; k < cell * 4 + 4; k++) {
        const held = child[k];
        if (held > 0) {
          stack[top++] = held;
          stack[top++] = depth + 1;
        } else if (held < 0) {
          for (let j = ~held; j >= 0; j = next[j]) {
            if (j === i) continue;
            dx = x[j] - px;
            dy = y[j] - py;
            d2 = dx * dx + dy * dy;
            if (d2 === 0) {
              // Two at one place part in a direction that follows from their numbers.
              dx = Math.cos(i * 2.4 + j) * 0.1 * (i < j ? 1 : -1);
              dy = Math.sin(i * 2.4 + j) * 0.1 * (i < j ? 1 : -1);
              d2 = 0.01;
            }
            const f = charge / Math.max(d2, 4);
            fx += dx * f;
            fy += dy * f;
          }
        }
      }
    }
    vx[i] += fx;
    vy[i] += fy;
  }

  /** @param {number} room */
  reserve(room) {
    const child = new Int32Array(room * 4), mass = new Float32Array(room), mx = new Float32Array(room), my = new Float32Array(room);
    child.set(this.child);
    mass.set(this.mass);
    mx.set(this.mx);
    my.set(this.my);
    Object.assign(this, { child, mass, mx, my });
  }
}
