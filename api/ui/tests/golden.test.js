// Frames that the server's own tests wrote (api/tests/it/golden.rs): this end's fold of them has to be the network that
// was, and every section has to be read as what it was written from.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeFrame } from '../js/core/frame.js';
import { NetState, UP } from '../js/core/state.js';

const file = (/** @type {string} */ name) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const buffer = (/** @type {Buffer} */ bytes) => /** @type {ArrayBuffer} */ (new Uint8Array(bytes).buffer);

/** What the state holds, in the words of the server's picture. @param {NetState} state */
function picture(state) {
  const nodes = [], conns = [];
  for (let i = 0; i < state.size; i++) {
    if (state.exists(i)) nodes.push({ name: state.directory.name(i), up: state.state[i] === UP, region: state.region[i] ? state.region[i] - 1 : null });
  }
  for (let e = 0; e < state.edges.count; e++) conns.push([state.directory.name(state.edges.a[e]), state.directory.name(state.edges.b[e])].sort());
  const byText = (/** @type {string[]} */ x, /** @type {string[]} */ y) => (x.join() < y.join() ? -1 : 1);
  return { nodes, conns: conns.sort(byText) };
}

test('the fold of a session is the network that was, after every frame', () => {
  const bytes = file('session.bin'), pictures = JSON.parse(file('session.json').toString());
  const state = new NetState();
  let at = 0, frames = 0;
  for (; at < bytes.length; frames++) {
    const length = bytes.readUInt32LE(at);
    const frame = decodeFrame(buffer(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
    state.apply(frame);
    const { nodes, conns, frame: about } = pictures[frames];
    assert.deepEqual(picture(state), { nodes, conns }, `after frame ${frames}`);
    assert.deepEqual({ whole: frame.whole, seq: frame.seq, ns: frame.ns, arrivals: frame.arrivals?.item.length ?? 0, events: frame.events?.of ?? 0 }, about);
  }
  assert.equal(frames, pictures.length);
  assert.ok(frames > 8);
});

test('every section is read as what it was written from', () => {
  const frame = decodeFrame(buffer(file('everything.bin')));
  assert.deepEqual(frame, {
    whole: true, clock: 'paced', seq: 5_000_000_000, ns: 12_400_000_000, pace: 1.5,
    nodes: { index: Uint32Array.of(0, 1), state: Uint8Array.of(1, 0), region: Uint8Array.of(0, 4), group: Uint16Array.of(0, 1) },
    ids: Uint8Array.from([...new Uint8Array(32).fill(1), ...new Uint8Array(32).fill(2)]), names: ['node01', 'nodé02'], groups: ['gossip', 'noop'],
    conns: { a: Uint32Array.of(1), b: Uint32Array.of(0), up: Uint8Array.of(1) },
    rates: { 'gossip/1': { 2: [1, 2, 3, 4] } },
    stat: { nodes: 2, up: 1, conns: 1, drops: 4, failed_dials: 5, messages: 6, missed: 7, restraints: 8, warnings: [{ kind: 'isolated', text: '1 node', nodes: [0] }] },
    heat: { a: Uint32Array.of(0), b: Uint32Array.of(1), count: Uint32Array.of(7), bytes: Uint32Array.of(900) },
    messages: { of: 9, shown: [[1_400_000_000, 1, 0, 'gossip/1', 2, true, 300]] },
    events: { of: 4, shown: [[8, 1_500_000_000, 'node', 'up', 0, null, false]] },
    marks: [[1_500_000_000, 'asked', 'reset', null]],
    arrivals: { item: Float64Array.of(2 ** 50, 2 ** 50), time: Float64Array.of(1.25, 1.25), node: Uint32Array.of(1, 0),
      hops: Uint16Array.of(3, 3), duplicate: Uint8Array.of(0, 1), from: Uint32Array.of(0, 2 ** 32 - 1) },
  });
});
