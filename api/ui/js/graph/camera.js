// From the layout's units to pixels and back: x on the screen is x · k + tx. Fitting, zooming about a point, panning,
// and gliding from one view to another. Holds no canvas.

export class Camera {
  constructor() {
    this.k = 1;
    this.tx = 0;
    this.ty = 0;
    this.width = 1;
    this.height = 1;
    /** The scale at which everything fits; zoom is told relative to it. */
    this.fitted = 1;
    /** Follows the layout until somebody pans or zooms. */
    this.follows = true;
    /** @type {{k: number, tx: number, ty: number} | null} */
    this.goal = null;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    if (!this.follows) {
      this.tx += (width - this.width) / 2;
      this.ty += (height - this.height) / 2;
    }
    this.width = width;
    this.height = height;
  }

  get zoom() {
    return this.k / this.fitted;
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toScreen(x, y) {
    return [x * this.k + this.tx, y * this.k + this.ty];
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toWorld(x, y) {
    return [(x - this.tx) / this.k, (y - this.ty) / this.k];
  }

  /**
   * Aims at showing all of a box; at once, or gliding.
   * @param {{x0: number, y0: number, x1: number, y1: number}} box @param {boolean} atOnce
   */
  fit(box, atOnce) {
    if (!(box.x1 >= box.x0)) return;
    const pad = Math.min(52, Math.min(this.width, this.height) * 0.09);
    const w = Math.max(box.x1 - box.x0, 40), h = Math.max(box.y1 - box.y0, 40);
    const k = Math.max(1e-4, Math.min((this.width - 2 * pad) / w, (this.height - 2 * pad) / h, 6));
    this.fitted = k;
    const to = { k, tx: this.width / 2 - ((box.x0 + box.x1) / 2) * k, ty: this.height / 2 - ((box.y0 + box.y1) / 2) * k };
    if (atOnce) Object.assign(this, to, { goal: null });
    else this.goal = to;
  }

  /** @param {number} factor @param {number} x @param {number} y the point that stays */
  zoomAt(factor, x, y) {
    this.follows = false;
    this.goal = null;
    const k = Math.min(Math.max(this.k * factor, this.fitted * 0.2), this.fitted * 60);
    this.tx = x - (x - this.tx) * (k / this.k);
    this.ty = y - (y - this.ty) * (k / this.k);
    this.k = k;
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.follows = false;
    this.goal = null;
    this.tx += dx;
    this.ty += dy;
  }

  /** Brings a point into the middle if it is near the rim or outside. @param {number} x @param {number} y */
  reveal(x, y) {
    const [sx, sy] = this.toScreen(x, y);
    const rim = Math.min(60, this.width / 6, this.height / 6);
    if (sx > rim && sy > rim && sx < this.width - rim && sy < this.height - rim) return;
    this.follows = false;
    this.goal = { k: this.k, tx: this.width / 2 - x * this.k, ty: this.height / 2 - y * this.k };
  }

  /** Goes part of the way; true while there is way left. @param {number} seconds @param {boolean} atOnce */
  glide(seconds, atOnce) {
    const goal = this.goal;
    if (!goal) return false;
    const share = atOnce ? 1 : 1 - Math.exp(-seconds * 9);
    this.k += (goal.k - this.k) * share;
    this.tx += (goal.tx - this.tx) * share;
    this.ty += (goal.ty - this.ty) * share;
    const left = Math.abs(goal.k / this.k - 1) * this.width + Math.abs(goal.tx - this.tx) + Math.abs(goal.ty - this.ty);
    if (left < 0.4) {
      Object.assign(this, goal);
      this.goal = null;
    }
    return true;
  }
}
