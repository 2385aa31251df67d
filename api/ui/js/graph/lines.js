// The connections under the nodes: drawn directly where they are few, as an image made in workers/raster.js where they
// are many. The image belongs to one view; while the camera moves it is shown re-projected, until the next is there.

/** @typedef {import('./camera.js').Camera} Camera */
/** @typedef {{source: CanvasImageSource, k: number, tx: number, ty: number, width: number, height: number}} Picture */

/** Up to here lines are drawn on the page's own thread. */
const FEW = 2500;
/** While things move, no more lines than this go into one image. */
const SAMPLE = 40_000;
/** The image reaches beyond the view by this share on each side, for panning. */
const MARGIN = 0.12;

export class Lines {
  /** @param {() => void} ready a new image is there */
  constructor(ready) {
    this.worker = new Worker(new URL('../../workers/raster.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => this.take(data, ready);
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {Omit<Picture, 'source'> | null} */
    this.asked = null;
    this.job = 0;
    this.version = -1;
    /** @type {unknown} */
    this.of = null;
    this.full = false;
    this.ms = 0;
  }

  /** @param {{bitmap?: ImageBitmap, image?: ImageData, ms: number}} data @param {() => void} ready */
  take(data, ready) {
    this.ms = data.ms;
    const asked = this.asked;
    this.asked = null;
    if (!asked) return;
    if (this.picture?.source instanceof ImageBitmap) this.picture.source.close();
    /** @type {CanvasImageSource | undefined} */
    let source = data.bitmap;
    if (!source && data.image) {
      const canvas = document.createElement('canvas');
      canvas.width = data.image.width;
      canvas.height = data.image.height;
      canvas.getContext('2d')?.putImageData(data.image, 0, 0);
      source = canvas;
    }
    this.picture = source ? { ...asked, source } : null;
    ready();
  }

  /** Whether these are drawn on this thread. @param {number} count */
  direct(count) {
    return count <= FEW;
  }

  /**
   * Asks for an image, unless one is being made.
   * @param {import('../core/state.js').NetState} state @param {Float32Array} at @param {Camera} camera
   * @param {{moving: boolean, ratio: number, colour: [number, number, number], strength: number, dim: Uint8Array | null}} how
   * @returns {boolean} whether it was asked for
   */
  request(state, at, camera, how) {
    if (this.asked) return false;
    const { edges } = state;
    if (this.of !== state || this.version !== state.edgeVersion) {
      const a = edges.a.slice(0, edges.count), b = edges.b.slice(0, edges.count);
      this.worker.postMessage({ type: 'edges', a, b }, [a.buffer, b.buffer]);
      this.of = state;
      this.version = state.edgeVersion;
    }
    const scale = edges.count > 60_000 ? 1 : how.ratio;
    const mx = camera.width * MARGIN, my = camera.height * MARGIN;
    const width = Math.round((camera.width + 2 * mx) * scale), height = Math.round((camera.height + 2 * my) * scale);
    const stride = how.moving ? Math.max(1, Math.ceil(edges.count / SAMPLE)) : 1;
    const view = { k: camera.k * scale, tx: (camera.tx + mx) * scale, ty: (camera.ty + my) * scale, width, height };
    const copy = at.slice();
    const job = { ...view, at: copy, stride, dim: how.dim, colour: how.colour, strength: how.strength };
    this.worker.postMessage({ type: 'job', id: ++this.job, job }, [copy.buffer]);
    this.asked = view;
    this.full = stride === 1;
    return true;
  }

  /** @param {CanvasRenderingContext2D} context @param {Camera} camera */
  drawPicture(context, camera) {
    const picture = this.picture;
    if (!picture) return;
    const s = camera.k / picture.k;
    context.drawImage(picture.source, camera.tx - picture.tx * s, camera.ty - picture.ty * s, picture.width * s, picture.height * s);
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {import('../core/state.js').NetState} state @param {Float32Array} at
   * @param {Camera} camera @param {{colour: [number, number, number], strength: number, dim: Uint8Array | null}} how
   */
  drawDirect(context, state, at, camera, { colour, strength, dim }) {
    const { a, b, count } = state.edges;
    const { k, tx, ty } = camera;
    const path = new Path2D();
    for (let e = 0; e < count; e++) {
      const p = a[e], q = b[e];
      if (dim && (dim[p] || dim[q])) continue;
      path.moveTo(at[p * 2] * k + tx, at[p * 2 + 1] * k + ty);
      path.lineTo(at[q * 2] * k + tx, at[q * 2 + 1] * k + ty);
    }
    const alpha = Math.min(0.7, 0.26 + 3 / Math.sqrt(count + 1)) * strength;
    context.strokeStyle = `rgba(${colour.join(',')},${Math.min(0.8, alpha)})`;
    context.lineWidth = count < 300 ? 1.2 : 0.9;
    context.stroke(path);
  }
}
