// The worker in which connections become an image. Keeps the ends of all lines between jobs; answers each job with one
// bitmap, or with plain image data where the browser has no createImageBitmap in workers.

import { rasterise } from '../js/graph/raster.js';

/** @typedef {import('../js/graph/raster.js').RasterJob} RasterJob */
/** @typedef {{type: 'edges', a: Uint32Array, b: Uint32Array} | {type: 'job', id: number, job: RasterJob}} RasterMessage */

const port = /** @type {{postMessage: (m: unknown, transfer?: Transferable[]) => void, onmessage: unknown}} */ (/** @type {unknown} */ (self));
/** @type {Uint32Array} */
let a = new Uint32Array(0);
/** @type {Uint32Array} */
let b = new Uint32Array(0);

port.onmessage = async (/** @type {MessageEvent<RasterMessage>} */ event) => {
  const message = event.data;
  if (message.type === 'edges') {
    a = message.a;
    b = message.b;
    return;
  }
  const { id, job } = message;
  const begin = performance.now();
  const pixels = rasterise(job, a, b, a.length);
  const image = new ImageData(pixels, job.width, job.height);
  const ms = performance.now() - begin;
  if (typeof createImageBitmap === 'function') {
    const bitmap = await createImageBitmap(image);
    port.postMessage({ id, bitmap, ms }, [bitmap]);
  } else {
    port.postMessage({ id, image, ms }, [image.data.buffer]);
  }
};
