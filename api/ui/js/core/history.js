// The past, as far as this page has seen it: what each frame changed, with the whole state now and then, so that any
// moment can be rebuilt by taking the last whole state before it and folding what followed. Bounded in bytes; the
// oldest goes first. Holds nodes and connections only.

import { NetState } from './state.js';

/** @typedef {import('./state.js').KeyFrame} KeyFrame */
/** @typedef {Pick<import('./frame.js').Frame, 'ns' | 'seq' | 'nodes' | 'conns'>} Change */
/** @typedef {{key: KeyFrame, changes: Change[], bytes: number}} Chapter */

export class History {
  /** @type {Chapter[]} */
  chapters = [];
  bytes = 0;

  /** @param {number} budget bytes kept @param {number} span frames between two whole states, at most */
  constructor(budget = 96 << 20, span = 400) {
    this.budget = budget;
    this.span = span;
  }

  clear() {
    this.chapters = [];
    this.bytes = 0;
  }

  /** The earliest moment that can be shown, in nanoseconds; NaN when there is none. */
  get start() {
    return this.chapters[0]?.key.ns ?? NaN;
  }

  /** Notes what a frame changed, after `state` has folded it. @param {Change & {whole: boolean}} frame @param {NetState} state */
  note(frame, state) {
    const open = this.chapters[this.chapters.length - 1];
    const keyBytes = state.size * 4 + state.conns * 8 + 64;
    // A chapter ends when replaying it would cost more than beginning anew.
    if (frame.whole || !open || open.changes.length >= this.span || open.bytes > keyBytes * 5 + 4096) {
      this.chapters.push({ key: state.keyFrame(), changes: [], bytes: keyBytes });
      this.bytes += keyBytes;
    } else if (frame.nodes?.index.length || frame.conns?.a.length) {
      const bytes = 64 + (frame.nodes?.index.length ?? 0) * 7 + (frame.conns?.a.length ?? 0) * 9;
      open.changes.push({ ns: frame.ns, seq: frame.seq, nodes: frame.nodes, conns: frame.conns });
      open.bytes += bytes;
      this.bytes += bytes;
    }
    while (this.bytes > this.budget && this.chapters.length > 1) this.bytes -= this.chapters.shift()?.bytes ?? 0;
  }

  /** Rebuilds the state of that moment in `into`; false when it is before all that is kept. @param {number} ns @param {NetState} into */
  rebuild(ns, into) {
    let at = this.chapters.length - 1;
    while (at > 0 && this.chapters[at].key.ns > ns) at--;
    const chapter = this.chapters[at];
    if (!chapter) return false;
    into.restore(chapter.key);
    for (const change of chapter.changes) {
      if (change.ns > ns) break;
      into.fold(change);
    }
    return chapter.key.ns <= ns;
  }

  /** The moment of the next change after (or the last before) `ns`, or NaN. @param {number} ns @param {1 | -1} direction */
  step(ns, direction) {
    let best = NaN;
    const look = (/** @type {number} */ t) => {
      if (direction > 0 ? t > ns && !(t >= best) : t < ns && !(t <= best)) best = t;
    };
    for (const chapter of this.chapters) {
      look(chapter.key.ns);
      for (const change of chapter.changes) look(change.ns);
    }
    return best;
  }
}
