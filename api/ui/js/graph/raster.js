// Connections as an image: every line adds to a density, and the density becomes an opacity that grows with its
// logarithm, so that a quarter of a million lines keep their structure and never turn into a white block. Pure; runs
// in workers/raster.js and in the tests.

/**
 * @typedef {object} RasterJob
 * @property {number} width pixels @property {number} height
 * @property {Float32Array} at x and y of each node, interleaved, in the layout's units
 * @property {number} k scale @property {number} tx @property {number} ty
 * @property {number} stride draws every stride-th line
 * @property {Uint8Array | null} dim 1 for nodes whose lines are left out
 * @property {[number, number, number]} colour
 * @property {number} strength 1 is usual
 */

const ONE = 255;

/**
 * @param {RasterJob} job @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} count
 * @returns {Uint8ClampedArray<ArrayBuffer>} RGBA
 */
export function rasterise(job, a, b, count) {
  const { width, height, at, k, tx, ty, stride, dim } = job;
  const density = new Uint32Array(width * height);
  const smooth = count / stride <= 60_000;
  let drawn = 0;
  for (let e = 0; e < count; e += stride) {
    const p = a[e], q = b[e];
    if (dim && (dim[p] || dim[q])) continue;
    drawn++;
    line(density, width, height, at[p * 2] * k + tx, at[p * 2 + 1] * k + ty, at[q * 2] * k + tx, at[q * 2 + 1] * k + ty, smooth);
  }
  return tone(density, drawn, job);
}

/** @param {Uint32Array} out @param {number} width @param {number} height @param {number} x0 @param {number} y0
 * @param {number} x1 @param {number} y1 @param {boolean} smooth */
export function line(out, width, height, x0, y0, x1, y1, smooth) {
  // Liang and Barsky: the part inside, with room for the neighbour pixel.
  const dx = x1 - x0, dy = y1 - y0;
  if (!(Math.abs(dx) + Math.abs(dy) < 1e7)) return;
  let t0 = 0, t1 = 1;
  for (let side = 0; side < 4; side++) {
    const p = side === 0 ? -dx : side === 1 ? dx : side === 2 ? -dy : dy;
    const q = side === 0 ? x0 : side === 1 ? width - 2 - x0 : side === 2 ? y0 : height - 2 - y0;
    if (p === 0) {
      if (q < 0) return;
    } else if (p < 0) {
      if (q / p > t1) return;
      if (q / p > t0) t0 = q / p;
    } else {
      if (q / p < t0) return;
      if (q / p < t1) t1 = q / p;
    }
  }
  let x = x0 + dx * t0, y = y0 + dy * t0;
  const steep = Math.abs(dy) > Math.abs(dx);
  const length = Math.abs(steep ? dy : dx) * (t1 - t0);
  const steps = Math.floor(length) + 1;
  const sx = steep ? dx / Math.abs(dy) : Math.sign(dx), sy = steep ? Math.sign(dy) : dx === 0 ? 0 : dy / Math.abs(dx);
  const side = steep ? 1 : width;
  for (let i = 0; i < steps; i++) {
    const px = x | 0, py = y | 0;
    const spot = py * width + px;
    if (smooth) {
      const off = steep ? x - px : y - py;
      const far = (off * ONE) | 0;
      out[spot] += ONE - far;
      out[spot + side] += far;
    } else {
      out[spot] += ONE;
    }
    x += sx;
    y += sy;
  }
}

/** @param {Uint32Array} density @param {number} drawn @param {RasterJob} job */
function tone(density, drawn, { colour, strength, width, height }) {
  const image = new Uint8ClampedArray(width * height * 4);
  const words = new Uint32Array(image.buffer);
  const base = ((colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
  // What one line alone gets, and what the densest places get.
  const single = Math.min(0.5, 3.6 / Math.sqrt(Math.max(1, drawn / 6))) * strength;
  const most = Math.min(0.62, 0.3 + single) * strength;
  const alone = Math.max(0.035, single);
  const ceiling = Math.log(Math.max(3, crowd(density) / ONE));
  const lookup = new Uint8Array(4096);
  for (let i = 1; i < lookup.length; i++) {
    const lines = i / 16;
    const alpha = lines <= 1 ? lines * alone : alone + (most - alone) * Math.min(1, Math.log(lines) / ceiling);
    lookup[i] = Math.max(1, Math.round(255 * Math.min(alpha, 0.75)));
  }
  for (let i = 0; i < density.length; i++) {
    const d = density[i];
    if (d !== 0) words[i] = base | (lookup[Math.min(4095, Math.max(1, d >> 4))] << 24);
  }
  return image;
}

/** A density that only the most crowded few of a thousand places exceed. @param {Uint32Array} density */
function crowd(density) {
  const sample = [];
  for (let i = 0; i < density.length && sample.length < 4000; i += 97) if (density[i]) sample.push(density[i]);
  sample.sort((x, y) => x - y);
  return sample[Math.floor(sample.length * 0.995)] ?? ONE;
}
