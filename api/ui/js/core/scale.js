// Axes: where round ticks lie between two numbers, and from values to pixels. Draws nothing.

/** @typedef {{(value: number): number, invert: (pixel: number) => number, ticks: (count?: number) => number[], domain: [number, number], log: boolean}} Scale */

/** Round numbers between two bounds, about `count` of them. @param {number} low @param {number} high @param {number} count */
export function ticks(low, high, count = 5) {
  if (!(high > low) || !Number.isFinite(high - low)) return [low].filter(Number.isFinite);
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((x) => x * power).find((x) => x >= raw * 0.999) ?? power * 10;
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

/** @param {number} low @param {number} high @param {number} from @param {number} to @returns {Scale} */
export function linear(low, high, from, to) {
  if (!(high > low)) high = low + 1;
  const scale = (/** @type {number} */ v) => from + ((v - low) / (high - low)) * (to - from);
  return Object.assign(scale, {
    invert: (/** @type {number} */ p) => low + ((p - from) / (to - from)) * (high - low),
    ticks: (count = 5) => ticks(low, high, count),
    domain: /** @type {[number, number]} */ ([low, high]),
    log: false,
  });
}

/** Logarithmic; what is not positive lies at the low end. @param {number} low @param {number} high @param {number} from @param {number} to @returns {Scale} */
export function logarithmic(low, high, from, to) {
  low = Math.max(low, Number.MIN_VALUE);
  if (!(high > low)) high = low * 10;
  const l0 = Math.log10(low), l1 = Math.log10(high);
  const scale = (/** @type {number} */ v) => from + ((Math.log10(Math.max(v, low)) - l0) / (l1 - l0)) * (to - from);
  return Object.assign(scale, {
    invert: (/** @type {number} */ p) => 10 ** (l0 + ((p - from) / (to - from)) * (l1 - l0)),
    ticks: () => {
      const out = [];
      for (let power = Math.ceil(l0 - 1e-9); power <= l1 + 1e-9; power++) out.push(10 ** power);
      return out.length > 1 ? out : ticks(low, high, 3);
    },
    domain: /** @type {[number, number]} */ ([low, high]),
    log: true,
  });
}
