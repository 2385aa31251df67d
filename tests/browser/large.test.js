// Large networks: a thousand nodes and ten thousand, from the server and made up in the page, without a GPU.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { Tab, eventually, launch, says } from './lib/page.js';
import { distance, rgb } from './lib/pixels.js';
import { Server } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;

before(async () => { browser = await launch(); });
after(() => browser?.close());

/** What the graph is made of: nodes, lines, ground, and nothing that is burnt out. @param {Tab} tab */
async function shares(tab) {
  const { palette } = await tab.state(), box = await tab.graph(), picture = await tab.picture();
  const node = rgb(palette.up), ground = rgb(palette.background);
  // Beside the buttons and the legend.
  const inner = { x: box.x + 60, y: box.y + 20, width: box.width - 120, height: box.height - 70 };
  const isNode = (/** @type {[number, number, number]} */ c) => distance(c, node) < 40;
  return {
    nodes: picture.share(inner, isNode),
    lines: picture.share(inner, (c) => !isNode(c) && distance(c, ground) > 8 && distance(c, ground) < 110),
    white: picture.share(inner, (c) => Math.min(...c) > 235),
  };
}

/** @param {{nodes: number, lines: number, white: number}} parts */
function isGraph({ nodes, lines, white }) {
  assert.ok(nodes > 0.01, `${(nodes * 100).toFixed(1)} % are nodes`);
  assert.ok(lines > 0.05, `${(lines * 100).toFixed(1)} % are lines`);
  assert.ok(white < 0.02, `${(white * 100).toFixed(1)} % are burnt out`);
}

/** Nodes lie apart and fill the graph. @param {Tab} tab @param {number} count */
async function isSpread(tab, count) {
  const places = await tab.places(count), box = await tab.graph();
  const xs = places.map((at) => at.x), ys = places.map((at) => at.y);
  assert.ok(Math.max(...ys) - Math.min(...ys) > box.height * 0.4 && Math.max(...xs) - Math.min(...xs) > box.width * 0.4, 'the graph fills its place');
  const cells = new Map();
  for (const { x, y } of places) {
    const cell = `${Math.floor(x / 0.5)} ${Math.floor(y / 0.5)}`;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const alone = [...cells.values()].filter((n) => n === 1).length;
  assert.ok(alone > count * 0.95, `${alone} of ${count} have a place of their own`);
}

/** The node that lies farthest from its nearest: no other is drawn over it. @param {{x: number, y: number}[]} places */
function loneliest(places) {
  const room = places.map(({ x, y }, i) => Math.min(...places.map((at, j) => (i === j ? Infinity : Math.hypot(at.x - x, at.y - y)))));
  return room.indexOf(Math.max(...room));
}

test('a thousand nodes and ten thousand connections, live', async () => {
  const server = await Server.start('--seed', '5', '--fidelity', 'message', '--latency', '30ms');
  try {
    const names = await server.nodes(1000);
    await server.post('topology', { kind: 'random-regular', degree: 20 });
    const tab = await Tab.open(browser, server.url);
    await tab.drawn(1000, 10_000);
    isGraph(await shares(tab));
    await isSpread(tab, 1000);
    // Twenty of them, spread over the numbers, have the colour of their state where they are said to be.
    const { palette } = await tab.state(), places = await tab.places(1000), picture = await tab.picture();
    for (let i = 0; i < 1000; i += 50) assert.ok(distance(picture.at(places[i].x, places[i].y), rgb(palette.up)) <= 12, `node ${i}`);
    const lone = loneliest(places);
    await server.post(`nodes/${names[lone]}/stop`);
    await tab.until('one is down, with its connections', (s) => s.down === 1 && s.conns === 9980);
    await eventually('its pixel says so', async () => {
      const at = await tab.place(lone);
      return at !== null && distance((await tab.picture()).at(at.x, at.y), rgb(palette.down)) <= 12;
    });
    const network = await server.get('');
    assert.equal((await tab.state()).conns, network.conns.filter((/** @type {any} */ conn) => conn.up).length);
    // A wave over all of it, while its curve draws itself.
    await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
    await tab.until('the item is everywhere', (s) => s.item?.reached === 999);
    await says(tab.page.locator('.wave .facts'), /999 \/ 999/);
    await tab.page.locator('.wave svg path.curve').waitFor();
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('ten thousand nodes and a quarter of a million connections, made up in the page and changing', async () => {
  const server = await Server.start();
  try {
    const tab = await Tab.open(browser, server.url, { hash: '?synthetic=10000x250000' });
    await tab.until('all are there', (s) => s.nodes === 10_000 && s.conns > 200_000);
    await eventually('the first frame is drawn', async () => Number.isFinite((await tab.stats()).firstFrame));
    await eventually('the lines have their image', async () => (await tab.stats()).rasterMs > 0);
    isGraph(await shares(tab));
    // It can be used while it changes: another screen and back, a choice, a wave.
    await tab.go('nodes');
    await tab.page.getByText(/^10,000 nodes$/).waitFor();
    assert.ok((await tab.page.locator('.table-box:visible tbody tr').count()) < 80, 'a table of ten thousand has a screenful of rows');
    await tab.go('network');
    await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
    await tab.until('a wave travels', (s) => (s.item?.reached ?? 0) > 9000);
    await tab.close();
  } finally {
    await server.kill();
  }
});

// With more connections the page has no more to do than in the story above, and a busy machine a minute longer.
test('ten thousand nodes and fifty thousand connections, live', async () => {
  const server = await Server.start('--seed', '5', '--fidelity', 'message', '--latency', '50ms');
  try {
    await server.crowd(10_000, 10);
    const tab = await Tab.open(browser, server.url);
    await tab.until('all are there', (s) => s.nodes === 10_000 && s.conns === 50_000);
    await eventually('the lines have their image', async () => (await tab.stats()).rasterMs > 0);
    isGraph(await shares(tab));
    await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
    await tab.until('the item is everywhere', (s) => s.item?.reached === 10_000);
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('ten thousand events a second: the list stays short, and says what it leaves out', async () => {
  const server = await Server.start('--seed', '5', '--fidelity', 'message');
  try {
    const names = await server.nodes(400);
    await server.post('topology', { kind: 'random-regular', degree: 40 });
    const tab = await Tab.open(browser, server.url, { hash: '#events' });
    await tab.until('all are there', (s) => s.conns === 8000);
    // Each of these takes forty connections down or brings none back: some ten thousand events at once.
    await Promise.all(names.slice(0, 200).map((name) => server.post(`nodes/${name}/stop`)));
    await tab.until('half of them are down', (s) => s.down === 200);
    await eventually('the list says that it is a sample', async () => /shown of [\d,]+ that match \([\d.]+%\): a sample/.test((await tab.page.locator('.honest').textContent()) ?? ''));
    assert.ok((await tab.page.locator('.table-box:visible tbody tr').count()) < 80);
    const state = await tab.state(), network = await server.get('');
    assert.equal(state.conns, network.conns.filter((/** @type {any} */ conn) => conn.up).length, 'while the graph is exact');
    await tab.close();
  } finally {
    await server.kill();
  }
});
