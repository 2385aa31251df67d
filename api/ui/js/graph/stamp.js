// Nodes as pixels: small antialiased masks, made once per shape, size and quarter of a pixel, stamped straight into an
// image. Ten thousand of them take a few milliseconds on any machine. Knows shapes and colours, not what they mean.

export const DISC = 0;
/** A ring with a dot: told from a disc without its colour, and of its own colour at its centre. */
export const RING = 1;
export const CROSS = 2;

/** @typedef {{size: number, half: number, cover: Uint8Array}} Mask */

export class Stamper {
  constructor() {
    /** @type {Map<number, Mask>} */
    this.masks = new Map();
    this.width = 0;
    this.height = 0;
    this.image = new ImageData(1, 1);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  /** @param {number} width @param {number} height */
  begin(width, height) {
    if (width !== this.width || height !== this.height) {
      this.width = width;
      this.height = height;
      this.image = new ImageData(Math.max(1, width), Math.max(1, height));
      this.words = new Uint32Array(this.image.data.buffer);
    } else {
      this.words.fill(0);
    }
  }

  /** Centre and radius in pixels, colour as 0xAABBGGRR. @param {number} shape @param {number} x @param {number} y @param {number} r @param {number} colour */
  put(shape, x, y, r, colour) {
    const qx = Math.floor(x * 4), qy = Math.floor(y * 4), qr = Math.min(400, Math.max(2, Math.round(r * 4)));
    const key = (((shape << 9) | qr) << 4) | ((qx & 3) << 2) | (qy & 3);
    let mask = this.masks.get(key);
    if (!mask) {
      mask = makeMask(shape, qr / 4, (qx & 3) / 4, (qy & 3) / 4);
      this.masks.set(key, mask);
    }
    const { size, half, cover } = mask;
    const left = (qx >> 2) - half, top = (qy >> 2) - half;
    const { words, width, height } = this;
    const opaque = (colour >>> 24) / 255, solid = colour & 0xffffff;
    const y0 = Math.max(0, -top), y1 = Math.min(size, height - top);
    const x0 = Math.max(0, -left), x1 = Math.min(size, width - left);
    for (let row = y0; row < y1; row++) {
      let from = row * size + x0, to = (top + row) * width + left + x0;
      for (let col = x0; col < x1; col++, from++, to++) {
        if (cover[from] === 0) continue;
        const c = cover[from] * opaque;
        words[to] = c >= 254 ? (solid | 0xff000000) >>> 0 : over(words[to], solid, c / 255);
      }
    }
  }
}

/** Source over, for colours that are not premultiplied. @param {number} below @param {number} colour @param {number} alpha */
function over(below, colour, alpha) {
  const under = (below >>> 24) / 255 * (1 - alpha);
  const total = alpha + under;
  if (under === 0) return (((alpha * 255) << 24) | colour) >>> 0;
  const s = alpha / total;
  const r = (colour & 255) * s + (below & 255) * (1 - s);
  const g = ((colour >> 8) & 255) * s + ((below >> 8) & 255) * (1 - s);
  const b = ((colour >> 16) & 255) * s + ((below >> 16) & 255) * (1 - s);
  return (((total * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** Coverage by 4 × 4 samples. @param {number} shape @param {number} r @param {number} fx @param {number} fy @returns {Mask} */
function makeMask(shape, r, fx, fy) {
  const half = Math.ceil(r + 1), size = half * 2 + 1;
  const cover = new Uint8Array(size * size);
  for (let i = 0; i < size * size; i++) {
    let inside = 0;
    for (let s = 0; s < 16; s++) {
      const x = (i % size) + ((s & 3) + 0.5) / 4 - half - fx, y = Math.floor(i / size) + ((s >> 2) + 0.5) / 4 - half - fy;
      if (within(shape, x, y, r)) inside++;
    }
    cover[i] = Math.round((inside * 255) / 16);
  }
  // The pixel in the middle is of the node's own colour, whatever its shape.
  if (r >= 1.5) cover[half * size + half] = 255;
  return { size, half, cover };
}

/** @param {number} shape @param {number} x @param {number} y @param {number} r */
function within(shape, x, y, r) {
  const d = Math.hypot(x, y);
  if (shape === DISC) return d <= r;
  // Too small for a ring: a cross.
  if (shape === CROSS || r < 3) return d <= r + 0.8 && Math.min(Math.abs(x - y), Math.abs(x + y)) <= 0.9;
  return (d <= r && d >= r - Math.max(1.2, r * 0.3)) || d <= Math.max(1, r * 0.28);
}
