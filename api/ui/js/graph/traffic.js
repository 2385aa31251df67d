// Messages as they can be seen: dots that run along connections in small networks, bright connections in large ones.
// Fed with what was busiest since the last frame; a picture of where traffic is, not a record of every message.

/** @typedef {{a: number, b: number, begin: number}} Pulse */

const LIFE = 620;
const MANY = 1500;
const PULSES = 260;
const HOT = 700;

export class Traffic {
  constructor() {
    /** @type {Pulse[]} */
    this.pulses = [];
    /** @type {{a: Uint32Array, b: Uint32Array, count: Uint32Array, n: number, at: number} | null} */
    this.hot = null;
    this.turn = 0;
  }

  get busy() {
    return this.pulses.length > 0 || this.hot !== null;
  }

  clear() {
    this.pulses.length = 0;
    this.hot = null;
  }

  /** @param {import('../core/frame.js').FrameHeat} heat @param {number} nodes @param {number} now milliseconds */
  note(heat, nodes, now) {
    if (nodes > MANY) {
      this.hot = { ...heat, n: Math.min(HOT, heat.a.length), at: now };
      return;
    }
    const n = heat.a.length, room = Math.min(n, PULSES - this.pulses.length);
    for (let i = 0; i < room; i++) {
      // Takes turns, so that a network with more traffic than dots shows all of it in time.
      const k = n > room ? (this.turn + i * 7) % n : i;
      const swap = (this.turn + i) & 1;
      this.pulses.push({ a: swap ? heat.b[k] : heat.a[k], b: swap ? heat.a[k] : heat.b[k], begin: now + ((i * 37) % 100) });
    }
    this.turn = (this.turn + room) % 9973;
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {(node: number) => [number, number] | null} place @param {string} colour
   * @param {number} now milliseconds
   */
  draw(context, place, colour, now) {
    if (this.hot) this.drawHot(context, place, colour, now);
    if (this.pulses.length === 0) return;
    context.fillStyle = colour;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    const tails = new Path2D(), dots = new Path2D();
    let kept = 0;
    for (const pulse of this.pulses) {
      const share = (now - pulse.begin) / LIFE;
      if (share >= 1) continue;
      this.pulses[kept++] = pulse;
      const from = place(pulse.a), to = place(pulse.b);
      if (!from || !to || share < 0) continue;
      const x = from[0] + (to[0] - from[0]) * share, y = from[1] + (to[1] - from[1]) * share;
      const behind = Math.max(0, share - 0.12);
      tails.moveTo(from[0] + (to[0] - from[0]) * behind, from[1] + (to[1] - from[1]) * behind);
      tails.lineTo(x, y);
      dots.rect(x - 1.25, y - 1.25, 2.5, 2.5);
    }
    this.pulses.length = kept;
    context.globalAlpha = 0.4;
    context.stroke(tails);
    context.globalAlpha = 0.95;
    context.fill(dots);
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {(node: number) => [number, number] | null} place @param {string} colour @param {number} now */
  drawHot(context, place, colour, now) {
    const hot = this.hot;
    if (!hot) return;
    const age = (now - hot.at) / LIFE;
    if (age >= 1) {
      this.hot = null;
      return;
    }
    const path = new Path2D();
    for (let i = 0; i < hot.n; i++) {
      const from = place(hot.a[i]), to = place(hot.b[i]);
      if (!from || !to) continue;
      path.moveTo(from[0], from[1]);
      path.lineTo(to[0], to[1]);
    }
    context.strokeStyle = colour;
    context.lineWidth = 0.8;
    context.globalAlpha = 0.22 * (1 - age);
    context.stroke(path);
    context.globalAlpha = 1;
  }
}
