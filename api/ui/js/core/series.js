// Counters over simulated time for the charts: samples at the frames' own moments, thinned by merging neighbours when
// there are too many, so that a run of any length keeps its shape in bounded memory. Cumulative values in, rates out.

/** @typedef {{t: number[], values: Record<string, number[]>}} Samples */

export class Series {
  /** Simulated seconds, rising. @type {number[]} */
  t = [];
  /** @type {Map<string, number[]>} */
  columns = new Map();

  /** @param {number} limit samples kept at most */
  constructor(limit = 2000) {
    this.limit = limit;
  }

  clear() {
    this.t = [];
    this.columns.clear();
  }

  get length() {
    return this.t.length;
  }

  /** Notes values at a moment; a second note of one moment replaces the first. @param {number} t @param {Record<string, number>} values */
  note(t, values) {
    const last = this.t.length - 1;
    if (last >= 0 && t < this.t[last]) this.clear();
    if (this.t.length === 0 || t > this.t[this.t.length - 1]) {
      this.t.push(t);
      for (const column of this.columns.values()) column.push(column[column.length - 1] ?? 0);
    }
    const row = this.t.length - 1;
    for (const [name, value] of Object.entries(values)) {
      let column = this.columns.get(name);
      if (!column) {
        column = new Array(this.t.length).fill(value);
        this.columns.set(name, column);
      }
      column[row] = value;
    }
    if (this.t.length > this.limit) this.thin();
  }

  /** Every second sample goes, except for the newest quarter, which stays as it is. */
  thin() {
    const old = Math.floor(this.t.length * 0.75);
    const keep = (/** @type {number} */ i) => i >= old || i % 2 === 0;
    this.t = this.t.filter((_, i) => keep(i));
    for (const [name, column] of this.columns) this.columns.set(name, column.filter((_, i) => keep(i)));
  }

  /** @param {string} name */
  column(name) {
    return this.columns.get(name) ?? [];
  }

  /**
   * A cumulative column as amounts per second, in `bins` equal bins over [from, to].
   * @param {string} name @param {number} from @param {number} to @param {number} bins
   */
  rate(name, from, to, bins) {
    const column = this.column(name);
    const out = new Float64Array(bins);
    const width = (to - from) / bins;
    if (!(width > 0)) return out;
    for (let i = 1; i < this.t.length; i++) {
      const t0 = this.t[i - 1], t1 = this.t[i];
      const grown = Math.max(0, column[i] - column[i - 1]);
      if (!grown || t1 <= from || t0 >= to) continue;
      // What grew between two samples is spread evenly between them.
      const first = Math.max(0, Math.floor((t0 - from) / width)), last = Math.min(bins - 1, Math.floor((t1 - from) / width));
      for (let bin = first; bin <= last; bin++) {
        const lap = Math.min(t1, from + (bin + 1) * width) - Math.max(t0, from + bin * width);
        if (lap > 0) out[bin] += (grown * lap) / (t1 - t0) / width;
      }
    }
    return out;
  }

  /** Amount per second over the last `span` seconds. @param {string} name */
  lately(name, span = 1) {
    const column = this.column(name), last = this.t.length - 1;
    if (last < 1) return 0;
    let i = last - 1;
    while (i > 0 && this.t[last] - this.t[i] < span) i--;
    return Math.max(0, column[last] - column[i]) / (this.t[last] - this.t[i]);
  }
}
