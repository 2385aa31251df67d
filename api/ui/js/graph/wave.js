// The clock of a travelling item. A wave that takes milliseconds of simulated time is gone before anyone sees it, so it
// is shown again slowly, always within what has really arrived; a slow one is simply followed. Knows one item at a time.

/** Seconds that a wave takes on the screen. */
const SHOW = 3.2;
/** Without an arrival for so long, it has ended. */
const QUIET = 1.2;

export class Wave {
  constructor() {
    /** @type {import('../core/items.js').Item | null} */
    this.item = null;
    /** How much of it is shown: seconds after publication. */
    this.t = Infinity;
    this.playing = false;
    /** Simulated seconds per second on the screen. */
    this.rate = 0;
    this.quiet = 0;
    this.seen = 0;
  }

  /** Shows it from its beginning, or at once as it ended. @param {import('../core/items.js').Item} item @param {boolean} atOnce */
  play(item, atOnce) {
    this.item = item;
    this.t = atOnce ? Infinity : 0;
    this.playing = !atOnce;
    this.quiet = this.seen = 0;
    this.rate = 0;
  }

  stop() {
    this.playing = false;
    this.t = Infinity;
  }

  /** @param {number} seconds on the screen @param {number} age simulated seconds since its publication */
  advance(seconds, age) {
    const { item } = this;
    if (!this.playing || !item) return;
    this.quiet = item.reached.length === this.seen ? this.quiet + seconds : 0;
    this.seen = item.reached.length;
    const wanted = item.last / SHOW;
    // Faster at once, slower never: the speed may only grow while the end is not known.
    this.rate = Math.max(this.rate, wanted);
    this.t = Math.min(this.t + this.rate * seconds, Math.max(item.last, 0), Math.max(age, 0));
    if (this.t >= item.last && this.quiet > QUIET) this.stop();
  }
}
