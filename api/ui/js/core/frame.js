// The wire format of /live: turns one binary frame into arrays, and (for the synthetic network and the tests) arrays
// into a frame. Knows bytes only: what a frame means for the network is state.js's business.

/**
 * @typedef {{index: Uint32Array, state: Uint8Array, region: Uint8Array, group: Uint16Array}} FrameNodes region 0 is none
 * @typedef {{a: Uint32Array, b: Uint32Array, up: Uint8Array}} FrameConns
 * @typedef {{a: Uint32Array, b: Uint32Array, count: Uint32Array, bytes: Uint32Array}} FrameHeat
 * @typedef {{item: Float64Array, time: Float64Array, node: Uint32Array, hops: Uint16Array, duplicate: Uint8Array, from: Uint32Array}} FrameArrivals from 2³²−1 is nobody
 * @typedef {{kind: string, text: string, nodes: number[]}} Warning
 * @typedef {{nodes?: number, up?: number, conns?: number, drops?: number, failed_dials?: number, messages?: number,
 *   missed?: number, restraints?: number, warnings?: Warning[]}} Stat
 * @typedef {[number, number, number, string, number, boolean, number]} ShownMessage time ns, from, to, protocol, code, received, size
 * @typedef {[number, number, string, string, number|null, number|null, boolean]} ShownEvent seq, time ns, kind, text, a, b, asked
 * @typedef {{of: number, shown: ShownMessage[]}} FrameMessages
 * @typedef {{of: number, shown: ShownEvent[]}} FrameEvents
 * @typedef {[number, string, string, number|null]} Mark time ns, kind, text, node
 * @typedef {Record<string, Record<string, number[]>>} Rates by protocol, by code: sent, received, bytes sent, bytes received
 * @typedef {object} Frame
 * @property {boolean} whole replaces everything known; otherwise it holds what changed
 * @property {'paced'|'max'|'paused'} clock
 * @property {number} seq log events folded so far
 * @property {number} ns simulated nanoseconds
 * @property {number} pace times real time; Infinity as fast as possible
 * @property {FrameNodes=} nodes
 * @property {Uint8Array=} ids 32 bytes for each node that is new here, in the order of `nodes`
 * @property {string[]=} names
 * @property {string[]=} groups
 * @property {FrameConns=} conns
 * @property {Rates=} rates
 * @property {Stat=} stat
 * @property {FrameHeat=} heat
 * @property {FrameMessages=} messages
 * @property {FrameEvents=} events
 * @property {Mark[]=} marks what was done to the network as a whole
 * @property {FrameArrivals=} arrivals
 */

const HEADER = 32;
const CLOCKS = /** @type {const} */ (['paced', 'max', 'paused']);
const DUPLICATE = 0xffff0000;

/** A frame that is not one; says at which byte. */
export class FrameError extends Error {}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Frame}
 */
export function decodeFrame(buffer) {
  const size = buffer.byteLength;
  if (size < HEADER) throw new FrameError(`a frame of ${size} bytes is shorter than its header of ${HEADER}`);
  const view = new DataView(buffer);
  const kind = view.getUint8(0);
  if (kind !== 1 && kind !== 2) throw new FrameError(`frame kind ${kind} is neither 1 nor 2`);
  const clock = CLOCKS[view.getUint8(1)];
  if (!clock) throw new FrameError(`clock ${view.getUint8(1)} is none of 0, 1, 2`);
  const sections = view.getUint16(2, true);
  /** @type {Frame} */
  const frame = {
    whole: kind === 1,
    clock,
    seq: Number(view.getBigUint64(8, true)),
    ns: Number(view.getBigUint64(16, true)),
    pace: view.getFloat64(24, true),
  };
  let at = HEADER;
  for (let i = 0; i < sections; i++) {
    if (at + 8 > size) throw new FrameError(`section ${i} of ${sections} begins at byte ${at} of ${size}`);
    const tag = String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    if (body + length > size) throw new FrameError(`section ${tag} at byte ${at} has ${length} bytes, ${size - body} are there`);
    readSection(frame, tag, view, body, length);
    at = body + ((length + 3) & ~3);
  }
  return frame;
}

/** Unknown sections are skipped: a newer server may send more.
 * @param {Frame} frame @param {string} tag @param {DataView} view @param {number} at @param {number} length */
function readSection(frame, tag, view, at, length) {
  const rows = (/** @type {number} */ width) => {
    if (length % width) throw new FrameError(`section ${tag} of ${length} bytes is not made of rows of ${width}`);
    return length / width;
  };
  const bytes = () => new Uint8Array(view.buffer, at, length);
  switch (tag) {
    case 'NODE': {
      const n = rows(8);
      const nodes = { index: new Uint32Array(n), state: new Uint8Array(n), region: new Uint8Array(n), group: new Uint16Array(n) };
      for (let i = 0; i < n; i++) {
        nodes.index[i] = view.getUint32(at + i * 8, true);
        nodes.state[i] = view.getUint8(at + i * 8 + 4);
        nodes.region[i] = view.getUint8(at + i * 8 + 5);
        nodes.group[i] = view.getUint16(at + i * 8 + 6, true);
      }
      frame.nodes = nodes;
      break;
    }
    case 'IDS ':
      rows(32);
      frame.ids = bytes();
      break;
    case 'NAME': frame.names = json(tag, bytes()); break;
    case 'GRPS': frame.groups = json(tag, bytes()); break;
    case 'CONN': {
      const n = rows(12);
      const words = new Uint32Array(view.buffer, at, n * 3);
      const conns = { a: new Uint32Array(n), b: new Uint32Array(n), up: new Uint8Array(n) };
      for (let i = 0; i < n; i++) {
        conns.a[i] = words[i * 3];
        conns.b[i] = words[i * 3 + 1];
        conns.up[i] = words[i * 3 + 2] & 1;
      }
      frame.conns = conns;
      break;
    }
    case 'RATE': frame.rates = json(tag, bytes()); break;
    case 'STAT': frame.stat = json(tag, bytes()); break;
    case 'HEAT': {
      const n = rows(16);
      const words = new Uint32Array(view.buffer, at, n * 4);
      const heat = { a: new Uint32Array(n), b: new Uint32Array(n), count: new Uint32Array(n), bytes: new Uint32Array(n) };
      for (let i = 0; i < n; i++) {
        heat.a[i] = words[i * 4];
        heat.b[i] = words[i * 4 + 1];
        heat.count[i] = words[i * 4 + 2];
        heat.bytes[i] = words[i * 4 + 3];
      }
      frame.heat = heat;
      break;
    }
    case 'MSGS': frame.messages = json(tag, bytes()); break;
    case 'EVTS': frame.events = json(tag, bytes()); break;
    case 'MARK': frame.marks = json(tag, bytes()); break;
    case 'ARRV': {
      const n = rows(28);
      const arrivals = {
        item: new Float64Array(n), time: new Float64Array(n), node: new Uint32Array(n),
        hops: new Uint16Array(n), duplicate: new Uint8Array(n), from: new Uint32Array(n),
      };
      for (let i = 0; i < n; i++) {
        const row = at + i * 28;
        const word = view.getUint32(row + 20, true);
        arrivals.item[i] = view.getFloat64(row, true);
        arrivals.time[i] = view.getFloat64(row + 8, true);
        arrivals.node[i] = view.getUint32(row + 16, true);
        arrivals.hops[i] = word & 0xffff;
        arrivals.duplicate[i] = word >>> 16 ? 1 : 0;
        arrivals.from[i] = view.getUint32(row + 24, true);
      }
      frame.arrivals = arrivals;
      break;
    }
  }
}

/** @param {string} tag @param {Uint8Array} bytes */
function json(tag, bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new FrameError(`section ${tag} is not JSON: ${error}`);
  }
}

/**
 * The other direction.
 * @param {Frame} frame
 * @returns {ArrayBuffer}
 */
export function encodeFrame(frame) {
  /** @type {[string, Uint8Array][]} */
  const sections = [];
  const text = (/** @type {string} */ tag, /** @type {unknown} */ value) => {
    if (value !== undefined) sections.push([tag, new TextEncoder().encode(JSON.stringify(value))]);
  };
  const table = (/** @type {string} */ tag, /** @type {number} */ n, /** @type {number} */ width,
    /** @type {(view: DataView, at: number, row: number) => void} */ write) => {
    const bytes = new Uint8Array(n * width);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < n; i++) write(view, i * width, i);
    sections.push([tag, bytes]);
  };
  const { nodes, conns, heat, arrivals } = frame;
  if (nodes) {
    table('NODE', nodes.index.length, 8, (view, at, i) => {
      view.setUint32(at, nodes.index[i], true);
      view.setUint8(at + 4, nodes.state[i]);
      view.setUint8(at + 5, nodes.region[i]);
      view.setUint16(at + 6, nodes.group[i], true);
    });
  }
  if (frame.ids) sections.push(['IDS ', frame.ids]);
  text('NAME', frame.names);
  text('GRPS', frame.groups);
  if (conns) {
    table('CONN', conns.a.length, 12, (view, at, i) => {
      view.setUint32(at, conns.a[i], true);
      view.setUint32(at + 4, conns.b[i], true);
      view.setUint8(at + 8, conns.up[i]);
    });
  }
  text('RATE', frame.rates);
  text('STAT', frame.stat);
  if (heat) {
    table('HEAT', heat.a.length, 16, (view, at, i) => {
      view.setUint32(at, heat.a[i], true);
      view.setUint32(at + 4, heat.b[i], true);
      view.setUint32(at + 8, heat.count[i], true);
      view.setUint32(at + 12, heat.bytes[i], true);
    });
  }
  text('MSGS', frame.messages);
  text('EVTS', frame.events);
  text('MARK', frame.marks);
  if (arrivals) {
    table('ARRV', arrivals.item.length, 28, (view, at, i) => {
      view.setFloat64(at, arrivals.item[i], true);
      view.setFloat64(at + 8, arrivals.time[i], true);
      view.setUint32(at + 16, arrivals.node[i], true);
      view.setUint32(at + 20, (arrivals.hops[i] | (arrivals.duplicate[i] ? DUPLICATE : 0)) >>> 0, true);
      view.setUint32(at + 24, arrivals.from[i], true);
    });
  }
  const total = sections.reduce((sum, [, body]) => sum + 8 + ((body.length + 3) & ~3), HEADER);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, frame.whole ? 1 : 2);
  view.setUint8(1, CLOCKS.indexOf(frame.clock));
  view.setUint16(2, sections.length, true);
  view.setBigUint64(8, BigInt(frame.seq), true);
  view.setBigUint64(16, BigInt(Math.round(frame.ns)), true);
  view.setFloat64(24, frame.pace, true);
  let at = HEADER;
  for (const [tag, body] of sections) {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, tag.charCodeAt(i));
    view.setUint32(at + 4, body.length, true);
    bytes.set(body, at + 8);
    at += 8 + ((body.length + 3) & ~3);
  }
  return bytes.buffer;
}
