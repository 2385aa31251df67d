// Moments from before this page was opened: asked of the server (GET /history), one at a time. Who drags along the time
// line asks for many; the one asked last is the one that counts.

import { decodeFrame } from '../core/frame.js';

/** @typedef {import('../core/frame.js').Frame} Frame */

export class Past {
  /** @param {string} base @param {(ns: number, frame: Frame) => void} came @param {(reason: string) => void} refused */
  constructor(base, came, refused) {
    this.base = base;
    this.came = came;
    this.refused = refused;
    this.busy = false;
    /** @type {number | null} */
    this.next = null;
  }

  /** @param {number} ns */
  async ask(ns) {
    this.next = ns;
    if (this.busy) return;
    this.busy = true;
    while (this.next !== null) {
      const at = Math.round(this.next);
      this.next = null;
      try {
        const answer = await fetch(new URL(`history?at=${at}`, this.base));
        if (!answer.ok) throw new Error((await answer.text()).trim() || `the server answered ${answer.status}`);
        const frame = decodeFrame(await answer.arrayBuffer());
        if (this.next === null) this.came(at, frame);
      } catch (error) {
        this.refused(error instanceof Error ? error.message : String(error));
      }
    }
    this.busy = false;
  }
}
