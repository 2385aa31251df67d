import test from 'node:test';
import assert from 'node:assert/strict';
import { Force } from '../js/graph/force.js';
import { groups, layers, ring } from '../js/graph/arrange.js';
import { rasterise } from '../js/graph/raster.js';
import { Camera } from '../js/graph/camera.js';
import { random } from '../js/core/random.js';

/** @param {number} n @param {[number, number][]} pairs */
function settle(n, pairs, seed = 1) {
  const force = new Force(seed);
  force.change(new Uint8Array(n).fill(1), Uint32Array.from(pairs, (p) => p[0]), Uint32Array.from(pairs, (p) => p[1]));
  force.heat(1);
  let ticks = 0;
  while (!force.done) {
    force.tick();
    ticks++;
  }
  return { force, ticks, d: (/** @type {number} */ i, /** @type {number} */ j) => Math.hypot(force.x[i] - force.x[j], force.y[i] - force.y[j]) };
}

test('a ring of twelve lies as a ring: neighbours are the nearest', () => {
  const pairs = Array.from({ length: 12 }, (_, i) => /** @type {[number, number]} */ ([i, (i + 1) % 12]));
  const { d } = settle(12, pairs);
  for (let i = 0; i < 12; i++) {
    const near = Array.from({ length: 12 }, (_, j) => j).filter((j) => j !== i).sort((p, q) => d(i, p) - d(i, q)).slice(0, 2);
    assert.deepEqual(near.sort((p, q) => p - q), [(i + 11) % 12, (i + 1) % 12].sort((p, q) => p - q));
  }
});

test('two clusters with one bridge lie apart', () => {
  const rng = random(5), /** @type {[number, number][]} */ pairs = [[0, 50]];
  for (let i = 0; i < 100; i++) {
    for (let k = 0; k < 4; k++) {
      const j = Math.floor(i / 50) * 50 + Math.floor(rng() * 50);
      if (i !== j) pairs.push([i, j]);
    }
  }
  const { d } = settle(100, pairs);
  let inside = 0, between = 0, ni = 0, nb = 0;
  for (let i = 0; i < 100; i++) {
    for (let j = i + 1; j < 100; j++) {
      if (i < 50 === j < 50) { inside += d(i, j); ni++; } else { between += d(i, j); nb++; }
    }
  }
  assert.ok(inside / ni < 0.5 * (between / nb), `${inside / ni} ${between / nb}`);
});

test('a thousand nodes: no two at one place, no NaN, the same picture each time', () => {
  const rng = random(9);
  const pairs = Array.from({ length: 5000 }, (_, i) => /** @type {[number, number]} */ ([i % 1000, Math.floor(rng() * 1000)])).filter(([p, q]) => p !== q);
  const { force, ticks } = settle(1000, pairs);
  assert.ok(ticks < 400);
  assert.ok([...force.x, ...force.y].every(Number.isFinite));
  const places = new Set([...force.x].map((x, i) => `${x.toFixed(1)},${force.y[i].toFixed(1)}`));
  assert.ok(places.size > 980);
  assert.deepEqual(settle(1000, pairs).force.x, force.x);
});

test('news does not throw the old away', () => {
  const pairs = Array.from({ length: 30 }, (_, i) => /** @type {[number, number]} */ ([i, (i + 1) % 30]));
  const { force } = settle(30, pairs);
  const before = force.x.slice();
  const role = new Uint8Array(31).fill(1);
  role[3] = 2;
  assert.equal(force.change(role, Uint32Array.from([...pairs.map((p) => p[0]), 30]), Uint32Array.from([...pairs.map((p) => p[1]), 7])), 1);
  assert.ok(Math.hypot(force.x[30] - force.x[7], force.y[30] - force.y[7]) < 40, 'it starts beside its neighbour');
  assert.deepEqual(force.x.slice(0, 30), before);
  force.heat(0.3);
  while (!force.done) force.tick();
  assert.equal(force.x[3], before[3], 'one that is down stays');
});

test('a hundred nodes at one place part', () => {
  const force = new Force();
  force.change(new Uint8Array(100).fill(1), new Uint32Array(0), new Uint32Array(0));
  force.x.fill(5);
  force.y.fill(5);
  force.heat(1);
  for (let i = 0; i < 100; i++) force.tick();
  assert.equal(new Set([...force.x].map((x, i) => `${x},${force.y[i]}`)).size, 100);
});

test('the arranged layouts', () => {
  const n = 60, x = new Float32Array(n), y = new Float32Array(n), present = new Uint8Array(n).fill(1);
  const order = Uint32Array.from({ length: n }, (_, i) => n - i);
  ring(x, y, present, order);
  const radius = Math.hypot(x[0], y[0]);
  assert.ok([...x].every((v, i) => Math.abs(Math.hypot(v, y[i]) - radius) < 0.01));
  groups(x, y, present, Uint16Array.from({ length: n }, (_, i) => i % 3));
  assert.ok(Math.hypot(x[0] - x[3], y[0] - y[3]) < Math.hypot(x[0] - x[1], y[0] - y[1]));
  const a = Uint32Array.from({ length: n - 11 }, (_, i) => i), b = a.map((i) => i + 1);
  layers(x, y, present, a, b, 0);
  const r = (/** @type {number} */ i) => Math.hypot(x[i], y[i]);
  assert.ok(r(0) === 0 && r(1) < r(2) && r(2) < r(3) && r(55) > r(49));
});

test('lines: where they are, not beyond the rim, never a block', () => {
  const job = { width: 100, height: 80, at: Float32Array.of(-500, 40, 600, 40, 50, -900, 50, 900), k: 1, tx: 0, ty: 0, stride: 1, dim: null,
    colour: /** @type {[number, number, number]} */ ([1, 2, 3]), strength: 1 };
  const image = rasterise(job, [0, 2], [1, 3], 2);
  const alpha = (/** @type {number} */ px, /** @type {number} */ py) => image[(py * 100 + px) * 4 + 3];
  assert.ok(alpha(10, 40) > 40 && alpha(50, 10) > 40 && alpha(50, 40) > alpha(10, 40));
  assert.equal(alpha(10, 10), 0);
  assert.deepEqual([...image.slice(40 * 400 + 40, 40 * 400 + 43)], [1, 2, 3]);
  assert.equal(rasterise({ ...job, dim: Uint8Array.of(1, 0, 0, 0) }, [0], [1], 1).every((v) => v === 0), true);
  const rng = random(2), n = 500, m = 60_000;
  const at = Float32Array.from({ length: n * 2 }, () => rng() * 100);
  const many = rasterise({ ...job, at }, Uint32Array.from({ length: m }, () => rng() * n), Uint32Array.from({ length: m }, () => rng() * n), m);
  let top = 0;
  for (let i = 3; i < many.length; i += 4) top = Math.max(top, many[i]);
  assert.ok(top < 200 && top > 60, String(top));
});

test('the camera: there and back, fitting, zooming about a point', () => {
  const camera = new Camera();
  camera.resize(800, 600);
  camera.fit({ x0: -100, y0: -100, x1: 100, y1: 100 }, true);
  const [x, y] = camera.toScreen(100, 100);
  assert.ok(x <= 800 && y <= 600 && y > 500);
  assert.deepEqual(camera.toWorld(...camera.toScreen(12, -7)).map(Math.round), [12, -7]);
  const before = camera.toWorld(200, 100);
  camera.zoomAt(2, 200, 100);
  assert.deepEqual(camera.toWorld(200, 100).map((v) => v.toFixed(6)), before.map((v) => v.toFixed(6)));
  assert.equal(camera.follows, false);
});
