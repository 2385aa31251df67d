// The graph against the network it stands for: a node's pixels, its connections, where it lies, how it is chosen.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { Tab, eventually, launch, says } from './lib/page.js';
import { distance, rgb } from './lib/pixels.js';
import { Server } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** A channel's difference that the eye does not see. */
const SAME = 12;

before(async () => { browser = await launch(); });
after(() => browser?.close());

/** @param {number} count @param {[number, number][]} pairs @param {(story: {server: Server, tab: Tab, names: string[]}) => Promise<void>} story */
async function network(count, pairs, story) {
  const server = await Server.start('--seed', '7', '--fidelity', 'message');
  try {
    const names = await server.nodes(count);
    await server.connect(names, pairs);
    const tab = await Tab.open(browser, server.url);
    await tab.drawn(count, pairs.length);
    await story({ server, tab, names });
    await tab.close();
  } finally {
    await server.kill();
  }
}

/** @param {number} n @returns {[number, number][]} */
const ring = (n) => Array.from({ length: n }, (_, i) => [i, (i + 1) % n]);

test('a node has the colour of its state, and changes it with its state', () => network(10, ring(10), async ({ server, tab, names }) => {
  const { palette } = await tab.state(), places = await tab.places(10), picture = await tab.picture();
  for (const { x, y } of places) assert.ok(distance(picture.at(x, y), rgb(palette.up)) <= SAME, `${picture.at(x, y)} at ${x}, ${y}`);
  await server.post(`nodes/${names[3]}/stop`);
  await eventually('the pixel of the stopped node says down', async () => {
    const at = await tab.place(3);
    return at !== null && distance((await tab.picture()).at(at.x, at.y), rgb(palette.down)) <= SAME;
  });
  const other = await tab.place(7), now = await tab.picture();
  assert.ok(other && distance(now.at(other.x, other.y), rgb(palette.up)) <= SAME, 'and no other one');
  await server.post(`nodes/${names[3]}/start`);
  await eventually('and up again', async () => {
    const at = await tab.place(3);
    return at !== null && distance((await tab.picture()).at(at.x, at.y), rgb(palette.up)) <= SAME;
  });
}));

test('a connection is a line between its nodes, as long as it is up', () => network(3, [[0, 1], [1, 2]], async ({ server, tab, names }) => {
  const bright = async () => {
    const [from, to] = await tab.places(2), picture = await tab.picture(), ground = rgb((await tab.state()).palette.background);
    let n = 0;
    for (let i = 1; i <= 9; i++) {
      // Between the discs: the tenth of the way at either end may lie below them.
      const share = 0.2 + 0.6 * (i / 10), x = from.x + (to.x - from.x) * share, y = from.y + (to.y - from.y) * share;
      const near = [[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]].map(([dx, dy]) => distance(picture.at(x + dx, y + dy), ground));
      if (Math.max(...near) > 15) n++;
    }
    return n;
  };
  assert.ok((await bright()) >= 7);
  await server.ask('DELETE', `nodes/${names[0]}/conn/${names[1]}`);
  await tab.drawn(3, 1);
  await eventually('the line is gone', async () => (await bright()) <= 1);
  await server.post(`nodes/${names[0]}/conn/${names[1]}`);
  await tab.drawn(3, 2);
  await eventually('it is there again', async () => (await bright()) >= 7);
}));

test('a ring of twelve lies as a ring and fills its place', () => network(12, ring(12), async ({ tab }) => {
  const places = await tab.places(12), box = await tab.graph();
  const d = (/** @type {number} */ i, /** @type {number} */ j) => Math.hypot(places[i].x - places[j].x, places[i].y - places[j].y);
  let right = 0;
  for (let i = 0; i < 12; i++) {
    const near = places.map((_, j) => j).filter((j) => j !== i).sort((p, q) => d(i, p) - d(i, q)).slice(0, 2);
    if (near.includes((i + 1) % 12) && near.includes((i + 11) % 12)) right++;
  }
  assert.ok(right >= 10, `${right} of 12 lie between their neighbours`);
  const xs = places.map((at) => at.x), ys = places.map((at) => at.y);
  assert.ok(Math.max(...ys) - Math.min(...ys) > box.height * 0.5, 'it uses the height');
  assert.ok(Math.max(...xs) - Math.min(...xs) > box.width * 0.4, 'and the width');
  for (const { x, y } of places) assert.ok(x > box.x && y > box.y && x < box.x + box.width && y < box.y + box.height, `${x}, ${y} is inside`);
}));

/** Two crowds of ten, each with everyone connected to four, and one bridge. */
function barbell() {
  /** @type {[number, number][]} */
  const pairs = [[0, 10]];
  for (const from of [0, 10]) for (let i = 0; i < 10; i++) for (const step of [1, 2]) pairs.push([from + i, from + ((i + step) % 10)]);
  return pairs;
}

test('two crowds with one bridge lie apart', () => network(20, barbell(), async ({ tab }) => {
  const places = await tab.places(20);
  let inside = 0, between = 0;
  for (let i = 0; i < 20; i++) {
    for (let j = i + 1; j < 20; j++) {
      const d = Math.hypot(places[i].x - places[j].x, places[i].y - places[j].y);
      if (i < 10 === j < 10) inside += d / 90;
      else between += d / 100;
    }
  }
  assert.ok(inside < 0.5 * between, `${inside.toFixed()} within, ${between.toFixed()} between`);
}));

test('a click chooses the node under it, keys choose its neighbours, a drag chooses none', () => network(10, ring(10), async ({ server, tab, names }) => {
  const { page } = tab, at = (await tab.places(10))[4];
  await page.mouse.click(at.x, at.y);
  await tab.until('node 4 is chosen', (s) => s.selected === 4);
  await says(page.locator('aside.side'), new RegExp(names[4]));
  await page.keyboard.press('Escape');
  await tab.until('nothing is chosen', (s) => s.selected === -1);
  // Beside all nodes, and moved: the view pans.
  const box = await tab.graph(), before = await tab.places(10);
  await page.mouse.move(box.x + 20, box.y + box.height - 90);
  await page.mouse.down();
  await page.mouse.move(box.x + 80, box.y + box.height - 120, { steps: 4 });
  await page.mouse.up();
  const moved = await tab.places(10);
  assert.deepEqual([Math.round(moved[0].x - before[0].x), Math.round(moved[0].y - before[0].y)], [60, -30]);
  assert.equal((await tab.state()).selected, -1, 'a drag chooses nothing');
  // By the keyboard alone: to the graph, along a connection, and into the node.
  await page.locator('.pad').focus();
  await page.keyboard.press('0');
  await page.keyboard.press('ArrowRight');
  const first = (await tab.state()).selected;
  assert.ok(first >= 0);
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) await page.keyboard.press(key);
  const second = (await tab.state()).selected;
  await page.keyboard.press('Enter');
  await tab.until('the node has its screen', (s) => s.screen === 'node');
  await says(page.locator('h1:visible'), names[second]);
  assert.deepEqual(names, (await server.get('nodes')).map((/** @type {any} */ node) => node.name));
}));

test('shift and drag choose all that lie inside, a double click opens a node', () => network(10, ring(10), async ({ tab, names }) => {
  const { page } = tab, box = await tab.graph(), places = await tab.places(10), middle = box.x + box.width / 2;
  await page.keyboard.down('Shift');
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  for (const [x, y] of [[middle, box.y + 4], [middle, box.y + box.height - 4], [box.x + 4, box.y + box.height - 4]]) await page.mouse.move(x, y, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  const left = places.flatMap((at, i) => (at.x < middle ? [i] : []));
  assert.deepEqual((await tab.state()).selection.sort((/** @type {number} */ p, /** @type {number} */ q) => p - q), left);
  await page.mouse.dblclick(places[6].x, places[6].y);
  await tab.until('its screen', (s) => s.screen === 'node');
  await says(page.locator('h1:visible'), names[6]);
}));

test('where nothing changes nothing is drawn, and the numbers are those of the API', async () => {
  const server = await Server.start('--pace', 'paused', '--fidelity', 'message');
  try {
    await server.nodes(10);
    const tab = await Tab.open(browser, server.url);
    await tab.drawn(10, 0);
    const before = (await tab.stats()).frames;
    // Nothing to wait for: that nothing happens takes a while to see.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await tab.stats()).frames, before);
    const network = await server.get(''), state = await tab.state();
    assert.equal(state.nodes, network.nodes.length);
    assert.equal(state.up, network.nodes.filter((/** @type {any} */ node) => node.up).length);
    await says(tab.page.locator('.s-nodes b'), '10 up');
    await tab.close();
  } finally {
    await server.kill();
  }
});
