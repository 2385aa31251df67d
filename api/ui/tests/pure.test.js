import test from 'node:test';
import assert from 'node:assert/strict';
import { cdf, components, histogram, quantile, sorted } from '../js/core/stats.js';
import { linear, logarithmic, ticks } from '../js/core/scale.js';
import * as format from '../js/core/format.js';
import { parsePlace, writePlace } from '../js/core/url.js';
import { parseFilter } from '../js/core/filter.js';
import { PALETTES, along, contrast, packed, table } from '../js/core/colour.js';
import { Items } from '../js/core/items.js';
import { Load } from '../js/core/load.js';
import { KINDS, shapeFlags } from '../js/core/shapes.js';
import { Series } from '../js/core/series.js';

test('quantiles are by nearest rank', () => {
  const values = sorted([5, 1, 4, 2, 3]);
  for (const [q, want] of [[0, 1], [0.2, 1], [0.21, 2], [0.5, 3], [0.95, 5], [1, 5]]) assert.equal(quantile(values, q), want, String(q));
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('a cdf ends at the share that was reached, and equal values are one step', () => {
  assert.deepEqual(cdf([1, 1, 2], 4), { x: [1, 2], y: [0.5, 0.75] });
  const many = cdf(sorted(Array.from({ length: 10_000 }, (_, i) => i)), 10_000, 100);
  assert.ok(many.x.length <= 102 && many.y[many.y.length - 1] === 1 && many.x[0] === 0);
});

test('histograms count everything once', () => {
  const h = histogram([3, 4, 4, 9]);
  assert.deepEqual(h, { start: 3, width: 1, counts: [1, 2, 0, 0, 0, 0, 1] });
  const wide = histogram(Array.from({ length: 1000 }, (_, i) => i), 10);
  assert.equal(wide.counts.reduce((x, y) => x + y), 1000);
  assert.deepEqual(histogram([]).counts, []);
});

test('components: the largest first, nodes left out have none', () => {
  const edges = { a: Uint32Array.of(0, 2, 3, 5), b: Uint32Array.of(1, 3, 4, 0), count: 4 };
  const { label, sizes } = components(7, edges, (i) => i !== 5);
  assert.deepEqual([...label], [1, 1, 0, 0, 0, -1, 2]);
  assert.deepEqual(sizes, [3, 2, 1]);
});

test('ticks are round and inside', () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(3, 17, 4), [5, 10, 15]);
  assert.deepEqual(ticks(2, 2), [2]);
  const x = linear(0, 10, 100, 200);
  assert.equal(x(5), 150);
  assert.equal(x.invert(150), 5);
  const log = logarithmic(1, 1000, 0, 300);
  assert.equal(Math.round(log(10)), 100);
  assert.deepEqual(log.ticks(), [1, 10, 100, 1000]);
});

test('numbers as people read them', () => {
  const cases = [
    [format.count(1234567), '1,234,567'], [format.short(84120), '84.1k'], [format.short(999), '999'], [format.short(0.25), '0.25'],
    [format.span(0.142), '142 ms'], [format.span(12.44), '12.4 s'], [format.span(1.5e-5), '15 µs'], [format.span(192), '3 min 12 s'],
    [format.clock(12.44), '12.4 s'], [format.clock(3723.04), '1:02:03.0'], [format.bytes(1234), '1.23 kB'], [format.bytes(12), '12 B'],
    [format.percent(0.964), '96.4%'], [format.shortId('7b1e000000000000a9c4'), '7b1e…a9c4'], [format.plural(1, 'node'), '1 node'],
    [format.itemName(255), '0xff'], [format.paceName('paced', 20), '×20'], [format.paceName('paused', 0), 'paused'], [format.short(NaN), '–'],
    [format.short(100000), '100k'], [format.span(0.1), '100 ms'],
  ];
  for (const [is, want] of cases) assert.equal(is, want);
});

test('a place survives its address', () => {
  const place = { screen: 'events', values: { filter: 'state:down degree:>2', sel: 'node 17&' } };
  assert.deepEqual(parsePlace(writePlace(place)), place);
  assert.deepEqual(parsePlace(''), { screen: 'network', values: {} });
  assert.deepEqual(parsePlace('#nonsense?x=1'), { screen: 'network', values: { x: '1' } });
});

test('filters', () => {
  const facts = {
    name: (/** @type {number} */ i) => `node${i}`, id: (/** @type {number} */ i) => `ab${i}`, state: (/** @type {number} */ i) => (i % 2 ? 'up' : 'down'),
    degree: (/** @type {number} */ i) => i, group: (/** @type {number} */ i) => (i < 3 ? 'gossip+ping-pong' : 'noop'),
    arrival: (/** @type {number} */ i) => (i < 4 ? i / 10 : NaN), hops: (/** @type {number} */ i) => i, component: () => 0,
  };
  const run = (/** @type {string} */ text) => {
    const { test: passes, error } = parseFilter(text);
    return error || [0, 1, 2, 3, 4, 5].filter((i) => !passes || passes(i, facts)).join('');
  };
  const cases = [
    ['', '012345'], ['state:', '012345'], ['state:up', '135'], ['state:UP degree:>2', '35'], ['-state:up', '024'], ['degree:1..3', '123'],
    ['degree:1,4', '14'], ['service:ping', '012'], ['node3', '3'], ['ab5', '5'], ['item:no', '45'], ['arrival:<=100', '01'],
    ['hops:>=2', '23'], ['component:1', '012345'], ['id:0xab2', '2'],
  ];
  for (const [text, want] of cases) assert.equal(run(text), want, text);
  for (const text of ['state:odd', 'degree:many', 'colour:red', 'item:maybe']) assert.ok(parseFilter(text).error, text);
});

test('colours can be told from what they stand on', () => {
  for (const theme of /** @type {const} */ (['dark', 'light'])) {
    const palette = PALETTES[theme];
    for (const colour of [palette.up, palette.down, ...palette.kinds, ...palette.ramp]) {
      assert.ok(contrast(colour, palette.background) >= 3, `${theme} ${colour} ${contrast(colour, palette.background)}`);
    }
    assert.ok(contrast(palette.label, palette.halo) >= 7);
  }
  assert.equal(along(['#000000', '#ffffff'], 0.5), '#808080');
  assert.equal(packed('#010203'), 0xff030201);
  assert.equal(table(['#000000', '#ffffff'], 3)[2], 0xffffffff);
});

test('items: first arrivals, duplicates, and who had it from whom', () => {
  const items = new Items(2);
  const arrive = (/** @type {[number, number, number, number, number, number][]} */ rows) => items.note({
    item: Float64Array.from(rows, (r) => r[0]), time: Float64Array.from(rows, (r) => r[1]), node: Uint32Array.from(rows, (r) => r[2]),
    hops: Uint16Array.from(rows, (r) => r[3]), duplicate: Uint8Array.from(rows, (r) => r[4]), from: Uint32Array.from(rows, (r) => r[5]) });
  arrive([[7, 10, 3, 0, 0, -1], [7, 10.1, 400, 1, 0, 3], [7, 10.2, 6, 1, 0, 3], [7, 10.3, 5, 2, 0, 400], [7, 10.4, 5, 3, 1, 6]]);
  const item = items.latest;
  assert.ok(item);
  assert.deepEqual([item.origin, item.reached.length, item.duplicates, item.maxHops], [3, 4, 1, 2]);
  assert.deepEqual([...item.delays()].map((x) => x.toFixed(1)), ['0.0', '0.1', '0.2', '0.3']);
  assert.deepEqual([...item.children()], [[3, [400, 6]], [400, [5]]]);
  assert.equal(item.from[3], -1, 'nobody brought it to whoever published it');
  arrive([[8, 11, 0, 0, 0, -1], [9, 12, 0, 0, 0, -1]]);
  assert.deepEqual([...items.all.keys()], [8, 9]);
});

test('shapes: about as many connections as there will be', () => {
  const edges = (/** @type {string} */ kind, /** @type {number} */ n, /** @type {Record<string, number>} */ knobs = {}) =>
    KINDS.find((one) => one.kind === kind)?.edges(n, (key) => knobs[key] ?? 0);
  assert.deepEqual([edges('ring', 2), edges('ring', 5), edges('star', 5), edges('full', 5), edges('none', 5)], [1, 5, 4, 10, 0]);
  assert.deepEqual([edges('random-regular', 10, { degree: 4 }), edges('random-regular', 3, { degree: 9 }), edges('scale-free', 10, { links: 2 })], [20, 3, 16]);
  assert.equal(shapeFlags({ kind: 'small-world', degree: 4, rewire: '5 %' }, (word) => `'${word}'`), "small-world --degree '4' --rewire '5 %'");
});

test('load: rates over the last seconds, the busiest first', () => {
  const load = new Load(5), heat = (/** @type {number} */ bytes) => ({ a: Uint32Array.of(1, 3), b: Uint32Array.of(2, 4), count: Uint32Array.of(1, 2), bytes: Uint32Array.of(bytes, 10) });
  load.note(0, heat(9999));
  assert.deepEqual(load.busiest(), [], 'one frame has no time');
  for (let t = 1; t <= 20; t++) load.note(t, heat(100));
  assert.deepEqual(load.busiest(), [{ a: 1, b: 2, messages: 1, bytes: 100 }, { a: 3, b: 4, messages: 2, bytes: 10 }]);
  for (let t = 21; t <= 30; t++) load.note(t, undefined);
  assert.deepEqual(load.busiest(), [], 'a quiet time ends it');
  load.note(1, heat(1));
  load.note(2, heat(1));
  assert.equal(load.busiest()[0].a, 3, 'time that goes back is another run');
});

test('series: rates keep the total, and old samples are thinned', () => {
  const series = new Series(100);
  for (let i = 0; i <= 1000; i++) series.note(i / 10, { events: i * 5, up: 3 });
  assert.ok(series.length <= 100);
  const bins = series.rate('events', 0, 100, 50);
  const total = bins.reduce((x, y) => x + y * 2, 0);
  assert.ok(Math.abs(total - 5000) < 1e-6, String(total));
  assert.ok(Math.abs(series.lately('events') - 50) < 1e-6);
  series.note(1, { events: 0 });
  assert.equal(series.length, 1, 'time that goes back is another run');
});
