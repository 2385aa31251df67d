// The page's side of workers/live.js: turns what the worker passes on into calls. A frame counts as drawn, and is
// acknowledged, when `drawn` is called; the server keeps at most two on the way.

/**
 * @typedef {{version: string, ui: string, run: string, virtual: boolean, read_only?: boolean, past?: number}} Hello past: the earliest
 *   nanosecond of which the server can tell
 * @typedef {object} LinkEvents
 * @property {(hello: Hello) => void} hello
 * @property {(buffer: ArrayBuffer) => void} frame
 * @property {(missed: number) => void} gap
 * @property {(open: boolean, again: number) => void} status
 * @property {() => void} alive the server said that it is there
 * @typedef {{start: () => void, send: (wish: object) => void, drawn: (seq: number) => void, retry: (hangUp?: boolean) => void}} Line
 */

export class Link {
  /** @param {string} url @param {LinkEvents} events */
  constructor(url, events) {
    this.url = url;
    this.worker = new Worker(new URL('../../workers/live.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => {
      if (data.type === 'frame') events.frame(data.buffer);
      else if (data.type === 'status') events.status(data.open, data.again ?? 0);
      else if (data.message.hello) events.hello(data.message.hello);
      else if (data.message.gap) events.gap(data.message.gap.missed);
      else if (data.message.ping) events.alive();
    };
  }

  start() {
    this.worker.postMessage({ type: 'connect', url: this.url });
  }

  /** Tells the server a wish; the worker repeats it after a reconnect. @param {object} wish */
  send(wish) {
    this.worker.postMessage({ type: 'send', text: JSON.stringify(wish) });
  }

  /** @param {number} seq */
  drawn(seq) {
    this.worker.postMessage({ type: 'ack', seq });
  }

  /** Tries to connect now; having hung up, if so. @param {boolean} hangUp */
  retry(hangUp = false) {
    this.worker.postMessage({ type: 'retry', hangUp });
  }
}
