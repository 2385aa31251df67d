import test from 'node:test';
import assert from 'node:assert/strict';
import { NetState, UP, DOWN, REMOVED } from '../js/core/state.js';
import { EdgeTable } from '../js/core/edges.js';
import { History } from '../js/core/history.js';
import { random } from '../js/core/random.js';

/** @typedef {import('../js/core/frame.js').Frame} Frame */

/** @param {Partial<Frame>} more @returns {Frame} */
const frame = (more) => ({ whole: false, clock: 'paced', seq: 0, ns: 0, pace: 1, ...more });
const nodes = (/** @type {[number, number][]} */ list) => ({
  index: Uint32Array.from(list, (x) => x[0]), state: Uint8Array.from(list, (x) => x[1]), region: new Uint8Array(list.length), group: new Uint16Array(list.length) });
const conns = (/** @type {[number, number, number][]} */ list) => ({
  a: Uint32Array.from(list, (x) => x[0]), b: Uint32Array.from(list, (x) => x[1]), up: Uint8Array.from(list, (x) => x[2]) });
const whole = (/** @type {number} */ n) => frame({ whole: true,
  nodes: nodes(Array.from({ length: n }, (_, i) => [i, UP])), ids: new Uint8Array(n * 32).map((_, i) => Math.floor(i / 32) & 255),
  names: Array.from({ length: n }, (_, i) => `n${i}`), groups: ['g'] });

test('edges: the table agrees with a map over many random moves', () => {
  const rng = random(7), table = new EdgeTable(8), model = new Map();
  for (let i = 0; i < 60_000; i++) {
    const a = Math.floor(rng() * 90), b = Math.floor(rng() * 90);
    const key = `${Math.min(a, b)}-${Math.max(a, b)}`;
    if (a === b) continue;
    if (rng() < 0.5) assert.equal(table.add(a, b), !model.has(key) && !!model.set(key, 1));
    else assert.equal(table.remove(a, b), model.delete(key));
    assert.equal(table.count, model.size);
  }
  for (let i = 0; i < table.count; i++) {
    assert.equal(table.find(table.b[i], table.a[i]), i);
    assert.ok(model.has(`${Math.min(table.a[i], table.b[i])}-${Math.max(table.a[i], table.b[i])}`));
  }
});

test('a whole frame and what follows', () => {
  const state = new NetState();
  state.apply(whole(3));
  assert.deepEqual([state.size, state.up, state.down, state.conns], [3, 3, 0, 0]);
  state.apply(frame({ ns: 5, seq: 9, conns: conns([[0, 1, 1], [1, 2, 1], [2, 1, 1]]) }));
  assert.equal(state.conns, 2, 'a pair counts once, in either direction');
  assert.deepEqual(state.neighbours(1), [0, 2]);
  state.apply(frame({ nodes: nodes([[1, DOWN], [3, UP]]), ids: new Uint8Array(32).fill(0xab), names: ['new'],
    conns: conns([[1, 0, 0], [1, 2, 0], [0, 3, 1], [9, 1, 1]]) }));
  assert.deepEqual([state.size, state.up, state.down, state.conns], [4, 3, 1, 1]);
  assert.deepEqual([...state.degree.slice(0, 4)], [1, 0, 0, 1]);
  assert.equal(state.directory.name(3), 'new');
  assert.equal(state.directory.id(3), 'ab'.repeat(32));
  assert.equal(state.directory.name(1), 'n1', 'a known node keeps its name');
  state.apply(frame({ nodes: nodes([[0, REMOVED]]) }));
  assert.deepEqual([state.up, state.exists(0), state.exists(3)], [2, false, true]);
  state.apply(whole(1));
  assert.deepEqual([state.size, state.conns, state.directory.byName.has('new')], [1, 0, false]);
});

test('ten thousand nodes and a quarter of a million connections', () => {
  const state = new NetState(), n = 10_000, m = 250_000;
  const list = conns([]);
  list.a = new Uint32Array(m).map((_, i) => i % n);
  list.b = new Uint32Array(m).map((_, i) => (i + 1 + Math.floor(i / n)) % n);
  list.up = new Uint8Array(m).fill(1);
  const begin = performance.now();
  state.apply({ ...whole(n), conns: list });
  assert.equal(state.conns, m);
  assert.ok([...state.degree.subarray(0, n)].every((d) => d === 50));
  assert.ok(performance.now() - begin < 2000);
});

test('history: every moment is what the fold was then', () => {
  const rng = random(3), state = new NetState(), history = new History(1 << 20, 7), past = [];
  let f = whole(20);
  for (let step = 0; step < 120; step++) {
    if (step > 0) {
      const i = Math.floor(rng() * 25), a = Math.floor(rng() * 20), b = Math.floor(rng() * 20);
      f = frame({ ns: step * 10, seq: step, nodes: nodes([[i, rng() < 0.5 ? UP : DOWN]]), conns: conns([[a, b, rng() < 0.6 ? 1 : 0]]) });
    }
    state.apply(f);
    history.note(f, state);
    past.push({ ns: f.ns, up: state.up, conns: state.conns, states: [...state.state.subarray(0, state.size)] });
  }
  assert.ok(history.chapters.length > 3);
  const view = new NetState(state.directory);
  for (const then of past) {
    assert.ok(history.rebuild(then.ns + 5, view));
    assert.deepEqual({ up: view.up, conns: view.conns, states: [...view.state.subarray(0, view.size)] },
      { up: then.up, conns: then.conns, states: then.states });
  }
  assert.equal(history.step(50, 1), 60);
  assert.equal(history.step(50, -1), 40);
  assert.ok(Number.isNaN(history.step(1190, 1)));
});

test('history: a moment that the server tells takes nothing from the present', () => {
  const live = new NetState(), past = new NetState(live.directory);
  live.apply(whole(3));
  live.apply(frame({ nodes: nodes([[1, REMOVED]]) }));
  past.become(frame({ whole: true, ns: 3, nodes: nodes([[0, UP], [1, UP], [5, DOWN]]), ids: new Uint8Array(96).fill(9), names: ['other', 'n1', 'gone'], conns: conns([[0, 5, 1]]) }));
  assert.deepEqual([past.up, past.down, past.conns, past.ns], [2, 1, 1, 3]);
  assert.deepEqual([live.up, live.conns, live.directory.name(0), live.directory.name(5)], [2, 0, 'n0', 'gone']);
});

test('history: the budget holds, and what is gone is told', () => {
  const state = new NetState(), history = new History(2000, 3);
  for (let step = 0; step < 100; step++) {
    const f = step ? frame({ ns: step, nodes: nodes([[step % 20, step % 2]]) }) : whole(20);
    state.apply(f);
    history.note(f, state);
  }
  assert.ok(history.bytes <= 2000 && history.start > 0);
  assert.equal(history.rebuild(0, new NetState()), false);
});
