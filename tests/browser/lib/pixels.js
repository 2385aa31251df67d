// A screenshot as numbers: the compositor's picture, not what a canvas says of itself.

import { PNG } from 'pngjs';

/** @typedef {[number, number, number]} Rgb */

export class Picture {
  /** @param {Buffer} bytes */
  constructor(bytes) {
    const { width, height, data } = PNG.sync.read(bytes);
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /** The pixel in which a point lies. @param {number} x @param {number} y @returns {Rgb} */
  at(x, y) {
    const i = (Math.floor(y) * this.width + Math.floor(x)) * 4;
    return [this.data[i], this.data[i + 1], this.data[i + 2]];
  }

  /** Which share of a box holds. @param {{x: number, y: number, width: number, height: number}} box @param {(colour: Rgb) => boolean} holds */
  share(box, holds) {
    let n = 0, of = 0;
    for (let y = Math.ceil(box.y); y < box.y + box.height; y++) {
      for (let x = Math.ceil(box.x); x < box.x + box.width; x++, of++) if (holds(this.at(x, y))) n++;
    }
    return n / of;
  }
}

/** @param {string} hex @returns {Rgb} */
export function rgb(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** The largest difference of a channel. @param {Rgb} one @param {Rgb} other */
export function distance(one, other) {
  return Math.max(...one.map((v, i) => Math.abs(v - other[i])));
}
