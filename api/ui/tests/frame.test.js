import test from 'node:test';
import assert from 'node:assert/strict';
import { decodeFrame, encodeFrame, FrameError } from '../js/core/frame.js';

const id = (/** @type {number} */ byte) => new Uint8Array(32).fill(byte);

/** @returns {import('../js/core/frame.js').Frame} */
const everything = () => ({
  whole: true, clock: 'paced', seq: 5_000_000_000, ns: 12_400_000_000, pace: 1.5,
  nodes: { index: Uint32Array.of(0, 1), state: Uint8Array.of(1, 0), region: Uint8Array.of(0, 4), group: Uint16Array.of(0, 1) },
  ids: Uint8Array.from([...id(1), ...id(2)]), names: ['node01', 'nodé02'], groups: ['gossip', 'noop'],
  conns: { a: Uint32Array.of(0), b: Uint32Array.of(1), up: Uint8Array.of(1) },
  rates: { 'ping-pong/1': { 0: [1, 2, 3, 4] } }, stat: { nodes: 2, up: 1, warnings: [] },
  heat: { a: Uint32Array.of(1), b: Uint32Array.of(0), count: Uint32Array.of(7), bytes: Uint32Array.of(900) },
  messages: { of: 9, shown: [[1, 0, 1, 'gossip', 0, true, 12]] }, events: { of: 1, shown: [[1, 2, 'node', 'up', 0, null, false]] },
  arrivals: { item: Float64Array.of(2 ** 50, 3), time: Float64Array.of(1.5, 1.25), node: Uint32Array.of(1, 0),
    hops: Uint16Array.of(3, 0), duplicate: Uint8Array.of(1, 0), from: Uint32Array.of(0, 2 ** 32 - 1) },
  marks: [[1, 'asked', 'reset', null]],
});

test('what is written is read', () => {
  const frame = everything();
  assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
  const empty = { whole: false, clock: /** @type {const} */ ('paused'), seq: 1, ns: 2, pace: 0 };
  assert.deepEqual(decodeFrame(encodeFrame(empty)), empty);
  assert.equal(decodeFrame(encodeFrame({ ...empty, clock: 'max', pace: Infinity })).pace, Infinity);
});

test('the bytes are those of the contract', () => {
  const frame = encodeFrame({ whole: false, clock: 'max', seq: 258, ns: 3, pace: 0,
    nodes: { index: Uint32Array.of(513), state: Uint8Array.of(2), region: Uint8Array.of(9), group: Uint16Array.of(4) } });
  const bytes = [...new Uint8Array(frame)];
  assert.deepEqual(bytes.slice(0, 24), [2, 1, 1, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(bytes.slice(32), [...'NODE'].map((c) => c.charCodeAt(0)).concat([8, 0, 0, 0, 1, 2, 0, 0, 2, 9, 4, 0]));
});

test('unknown sections are passed over, broken ones told with their place', () => {
  const whole = new Uint8Array(encodeFrame(everything()));
  const renamed = whole.slice();
  renamed.set([88, 88, 88, 88], 32);
  const read = decodeFrame(renamed.buffer);
  assert.equal(read.nodes, undefined);
  assert.deepEqual(read.names, everything().names);
  for (let cut = 0; cut < whole.length; cut++) {
    assert.throws(() => decodeFrame(whole.slice(0, cut).buffer), FrameError, `cut at ${cut} of ${whole.length}`);
  }
  const wrong = whole.slice();
  wrong[0] = 3;
  assert.throws(() => decodeFrame(wrong.buffer), /kind 3/);
});
