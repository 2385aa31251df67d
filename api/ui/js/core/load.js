// How busy connections are: messages and bytes over each of the last seconds of simulated time, as the frames tell them.
// A frame tells its two thousand busiest; in a larger crowd the others are missing here.

/** @typedef {import('./frame.js').FrameHeat} FrameHeat */
/** @typedef {{a: number, b: number, messages: number, bytes: number}} Busy per second, both ways together */

const SHIFT = 2 ** 22;

export class Load {
  /** @param {number} span simulated seconds over which a rate is taken */
  constructor(span = 5) {
    this.span = span;
    /** @type {{t: number, heat: FrameHeat | undefined}[]} */
    this.frames = [];
  }

  clear() {
    this.frames = [];
  }

  /** Each frame counts, also one without messages: it ends a quiet time. @param {number} t seconds @param {FrameHeat | undefined} heat */
  note(t, heat) {
    const last = this.frames[this.frames.length - 1];
    if (last && t < last.t) this.clear();
    this.frames.push({ t, heat });
    let old = 0;
    while (old < this.frames.length - 2 && this.frames[old + 1].t <= t - this.span) old++;
    if (old) this.frames.splice(0, old);
  }

  /** All that carried anything, the busiest by bytes first. @returns {Busy[]} */
  busiest() {
    const { frames } = this, passed = frames.length < 2 ? 0 : frames[frames.length - 1].t - frames[0].t;
    if (!(passed > 0)) return [];
    /** @type {Map<number, Busy>} */
    const sums = new Map();
    // What the first of them tells came before it.
    for (const { heat } of frames.slice(1)) {
      for (let i = 0; heat && i < heat.a.length; i++) {
        const key = heat.a[i] * SHIFT + heat.b[i], sum = sums.get(key);
        if (sum) {
          sum.messages += heat.count[i];
          sum.bytes += heat.bytes[i];
        } else sums.set(key, { a: heat.a[i], b: heat.b[i], messages: heat.count[i], bytes: heat.bytes[i] });
      }
    }
    const rows = [...sums.values()].sort((p, q) => q.bytes - p.bytes || q.messages - p.messages || p.a - q.a || p.b - q.b);
    for (const row of rows) {
      row.messages /= passed;
      row.bytes /= passed;
    }
    return rows;
  }
}
