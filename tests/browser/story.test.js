// What people do on the page, from an item that travels to an experiment that is repeated.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Tab, eventually, launch, says } from './lib/page.js';
import { Server } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;

before(async () => { browser = await launch(); });
after(() => browser?.close());

/** Thirty nodes in a ring with chords, far enough apart for a wave to be seen. @param {(server: Server, names: string[]) => Promise<void>} story @param {...string} args */
async function network(story, ...args) {
  const server = await Server.start('--seed', '7', '--fidelity', 'message', '--latency', '30ms', ...args);
  try {
    const names = await server.nodes(30, ['gossip', 'ping-pong']);
    await server.connect(names, Array.from({ length: 60 }, (_, i) => /** @type {[number, number]} */ ([i % 30, (i + (i < 30 ? 1 : 7)) % 30])));
    await story(server, names);
  } finally {
    await server.kill();
  }
}

/** What a button hands to the browser as a file. @param {Tab} tab @param {() => Promise<unknown>} press */
async function downloaded(tab, press) {
  const [file] = await Promise.all([tab.page.waitForEvent('download'), press()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

/** The files of `text`, for an input. @param {string} name @param {string} text */
const file = (name, text) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) });

test('one click, and a wave travels while its curve draws itself', () => network(async (server, names) => {
  const tab = await Tab.open(browser, server.url, { moving: true }), { page } = tab;
  await tab.until('all are there', (s) => s.nodes === 30 && s.conns === 60);
  await page.getByRole('button', { name: `Publish an item from ${names[0]}` }).click();
  await tab.until('the wave is shown slowly', (s) => s.wave && s.colour === 'arrival');
  const shares = new Set();
  const reached = page.locator('.wave .facts').getByText(/^\d+ \/ 30$/);
  await eventually('the curve grows in steps up to everybody', async () => {
    shares.add(await reached.textContent());
    return shares.has('30 / 30');
  });
  assert.ok(shares.size > 2, [...shares].join(', '));
  await tab.until('it ends', (s) => !s.wave && s.item.reached === 30);
  // Everyone had it from a neighbour, over one hop more.
  await tab.go('events');
  await page.getByRole('button', { name: 'Trace of an item' }).click();
  await says(page.locator('.trace'), /30 nodes reached/);
  const way = await page.evaluate(() => /** @type {any} */ (window).__p2psim.way());
  const edges = new Set((await page.evaluate(() => /** @type {any} */ (window).__p2psim.edges())).flatMap((/** @type {number[]} */ [a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  assert.equal(way.length, 29);
  for (const { from, node, hops, before } of way) {
    assert.ok(edges.has(`${from} ${node}`), `${from} and ${node} are connected`);
    assert.equal(hops, before + 1);
  }
  await tab.close();
}));

test('a moment that has gone by can be looked at, before the page was opened too', () => network(async (server, names) => {
  // The first who looks has the server keep what happens from then on.
  const first = await Tab.open(browser, server.url);
  await first.drawn(30, 60);
  for (const name of names.slice(0, 10)) await server.post(`nodes/${name}/stop`);
  await first.until('ten are down', (s) => s.down === 10);
  const tab = await Tab.open(browser, server.url), { page } = tab;
  await tab.until('ten are down here, too', (s) => s.down === 10);
  const strip = page.locator('.time-strip');
  await strip.focus();
  await page.keyboard.press('Home');
  await tab.until('the past has all of them', (s) => !s.live && s.up === 30 && s.conns === 60);
  await page.locator('.badge', { hasText: 'PAST' }).waitFor();
  await page.getByRole('button', { name: 'go live' }).click();
  await tab.until('the present', (s) => s.live && s.down === 10);
  // By the mouse, in what this page has seen itself.
  const box = await first.page.locator('.time-strip').boundingBox();
  assert.ok(box);
  await first.page.mouse.click(box.x + 2, box.y + 30);
  await first.until('its own past', (s) => !s.live && s.up > 20);
  await first.page.keyboard.press('End');
  await first.until('live', (s) => s.live);
  await first.close();
  await tab.close();
}));

test('time is paused, stepped and let go', () => network(async (server) => {
  const tab = await Tab.open(browser, server.url), { page } = tab;
  await tab.drawn(30, 60);
  await page.locator('.pad').focus();
  await page.keyboard.press('Space');
  await tab.until('it stands', (s) => s.clock === 'paused');
  await page.locator('.badge', { hasText: 'PAUSED' }).waitFor();
  await page.getByText('Time is paused: an item travels only while time passes.').waitFor();
  const { time } = await tab.state();
  await page.getByRole('button', { name: 'Publish an item' }).click();
  await page.getByRole('button', { name: 'one event on (])' }).click();
  await tab.until('a step further', (s) => s.time > time);
  const stepped = await tab.state();
  assert.ok(stepped.time < time + 1 && stepped.clock === 'paused', 'one step is no run');
  await page.getByRole('combobox', { name: 'speed of simulated time' }).selectOption('10');
  await tab.until('ten times as fast', (s) => s.clock === 'paced' && s.item?.reached === 30);
  assert.equal((await server.get('clock')).pace, '10');
  await tab.close();
}));

test('a partition is drawn around nodes, marked and warned of, and heals', () => network(async (server, names) => {
  const tab = await Tab.open(browser, server.url, { hash: '#network?filter=number:0' }), { page } = tab;
  await page.getByText(/there is no number; known are/).waitFor();
  await page.getByRole('searchbox', { name: /filter/ }).fill(names.slice(0, 5).map((name) => `name:${name}`).join(' ').replaceAll(' name:', ','));
  await page.keyboard.press('Enter');
  await tab.until('five are selected', (s) => s.selection.length === 5);
  await page.getByRole('button', { name: 'Cut off from the rest' }).click();
  await eventually('the server has it', async () => (await server.get('partitions')).length === 1);
  // Liveness takes its time to notice; the mark does not.
  await eventually('it is marked', async () => (await page.evaluate(() => /** @type {any} */ (window).__p2psim.marks())).some((/** @type {any} */ mark) => /^partition 5/.test(mark.text)));
  await server.post('clock/step', { by: '40s' });
  await page.locator('.warning', { hasText: 'parts that do not reach each other' }).waitFor();
  await page.locator('.s-parts[data-alarm]').waitFor();
  await tab.go('experiment');
  await page.getByRole('button', { name: 'Heal' }).first().click();
  await eventually('it is healed', async () => (await server.get('partitions')).length === 0);
  await tab.close();
}));

test('links are made worse, and nodes come and go, by the page', () => network(async (server) => {
  const tab = await Tab.open(browser, server.url, { hash: '#experiment' }), { page } = tab;
  await tab.until('all are there', (s) => s.conns === 60);
  const links = page.locator('section.card', { has: page.getByRole('heading', { name: 'Links' }) });
  await links.getByLabel('Latency').fill('300ms');
  await links.getByRole('button', { name: 'Set link' }).click();
  await eventually('the server has it', async () => /^300ms/.test((await server.get('links')).default));
  await links.getByLabel('Latency').fill('soon');
  await links.getByRole('button', { name: 'Set link' }).click();
  await page.locator('.toast.bad', { hasText: 'soon' }).waitFor();
  assert.ok(tab.problems.every((problem) => problem.includes('400')), 'it was refused, and said so');
  tab.problems.length = 0;
  const churn = page.locator('section.card', { has: page.getByRole('heading', { name: 'Churn' }) });
  await churn.getByLabel('Stops per second').fill('20');
  await churn.getByRole('button', { name: 'Churn', exact: true }).click();
  await tab.until('some are down', (s) => s.down > 3);
  await churn.getByRole('button', { name: 'Off' }).click();
  await tab.until('all come back', (s) => s.up === 30);
  await tab.close();
}));

test('a node: who it is, its peers, its events, and what it can be asked', () => network(async (server, names) => {
  const tab = await Tab.open(browser, server.url, { hash: `#node?sel=${names[4]}` }), { page } = tab;
  await tab.until('it is chosen', (s) => s.selected === 4);
  const method = page.getByRole('combobox', { name: 'Method' });
  const info = await server.get(`nodes/${names[4]}`);
  await page.getByText(info.enode).waitFor();
  await eventually('its four peers', async () => (await page.locator('table[aria-label=peers] tbody tr').count()) === 4);
  // The console completes from what this node answers, and shows each call for a shell.
  await page.getByText(/methods:/).waitFor();
  const offered = await page.locator('#rpc-methods option').evaluateAll((all) => all.map((option) => /** @type {HTMLOptionElement} */ (option).value));
  for (const method of ['admin_peers', 'gossip_publish', 'pingpong_received', 'admin_peerEvents']) assert.ok(offered.includes(method), method);
  await method.fill('gossip_seen');
  await page.getByRole('button', { name: 'Call' }).click();
  await page.locator('.rpc-out .answer', { hasText: /^0/ }).waitFor();
  await page.getByText(`node rpc ${names[4]} gossip_seen`).waitFor();
  await method.fill('nope_nope');
  await page.keyboard.press('Enter');
  await page.locator('.rpc-out .error', { hasText: 'nope_nope' }).waitFor();
  await page.getByLabel('Parameters').fill('{');
  await page.getByText(/^Parameters: /).waitFor();
  await page.getByLabel('Parameters').fill('');
  // A subscription goes on: a peer that is lost is told.
  await method.fill('admin_peerEvents');
  await page.keyboard.press('Enter');
  await page.locator('.rpc-out .asked', { hasText: 'admin_peerEvents' }).waitFor();
  await page.getByRole('combobox', { name: 'node to connect to' }).selectOption(names[5]);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.locator('.rpc-out .notice', { hasText: '"drop"' }).waitFor();
  await eventually('three peers are left', async () => (await page.locator('table[aria-label=peers] tbody tr').count()) === 3);
  await page.locator('table[aria-label="events of this node"]', { hasText: 'disconnect' }).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await tab.until('it is down', (s) => s.down === 1);
  await page.getByText('The node is down: nobody answers.').waitFor();
  await tab.close();
}));

test('events and messages are filtered by the server, and counted', () => network(async (server, names) => {
  const tab = await Tab.open(browser, server.url, { hash: '#events' }), { page } = tab;
  await tab.until('all are there', (s) => s.conns === 60);
  const rows = page.locator('table[aria-label=events] tbody tr[data-row]'), honest = page.locator('.honest');
  for (const name of names.slice(8, 12)) await server.post(`nodes/${name}/stop`);
  await server.post(`nodes/${names[9]}/start`);
  await page.getByLabel('find in events').fill(`${names[9]} stop`);
  await eventually('the one event that says so', async () => (await rows.count()) === 1 && /^1 match, all are shown/.test((await honest.textContent()) ?? ''));
  await page.getByLabel('find in events').fill('');
  await page.getByLabel('kind of event').selectOption('node');
  await eventually('four that went down and one that came back, all before it was asked', async () => /^5 match, all are shown/.test((await honest.textContent()) ?? ''));
  await page.getByRole('button', { name: 'Messages' }).click();
  await page.getByLabel('messages of this node').fill(names[2]);
  await server.post(`nodes/${names[2]}/call`, { method: 'gossip_publish', params: [] });
  const ends = page.locator('table[aria-label=messages] tbody tr[data-row]');
  await eventually('its messages', async () => (await ends.count()) > 4);
  for (const text of await ends.allTextContents()) assert.ok(text.includes(names[2]), text);
  await tab.close();
}));

test('measurements come as pictures and as numbers', () => network(async (server) => {
  const tab = await Tab.open(browser, server.url), { page } = tab;
  await tab.drawn(30, 60);
  await page.getByRole('button', { name: /^Publish an item/ }).click();
  await tab.until('the item is everywhere', (s) => s.item?.reached === 30);
  await tab.go('measurements');
  const csv = await downloaded(tab, () => page.getByRole('button', { name: 'Propagation of items as CSV' }).click());
  assert.equal(csv.name, 'propagation.csv');
  const lines = csv.text.trim().split('\n');
  assert.equal(lines[0], 'series,delay,share of nodes');
  assert.equal(Number(lines[lines.length - 1].split(',')[2]), 1, 'the curve ends at everybody');
  const svg = await downloaded(tab, () => page.getByRole('button', { name: 'Degree distribution as SVG' }).click());
  assert.match(svg.text, /^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.ok(!svg.text.includes('var(--'), 'its colours are its own');
  // One crosshair for all charts over time.
  const charts = page.locator('figure', { hasText: 'per second' });
  await charts.first().locator('svg').hover();
  await eventually('each of them tells its value there', async () => (await page.locator('.chart .cross').count()) >= 3);
  await tab.close();
}));

test('a network is built, kept, forgotten and loaded again', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    const tab = await Tab.open(browser, server.url, { hash: '#experiment' }), { page } = tab;
    await page.getByLabel('Nodes').first().fill('20');
    await page.getByLabel('Topology').selectOption('ring');
    await page.getByText('20 new nodes, then 20 nodes up and about 20 connections').waitFor();
    await page.getByRole('button', { name: 'Build', exact: true }).click();
    await tab.until('it is there', (s) => s.up === 20 && s.conns === 20);
    const kept = await downloaded(tab, () => page.getByRole('button', { name: 'Download' }).click());
    assert.equal(JSON.parse(kept.text).nodes.length, 20);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget them' }).click();
    await tab.until('nothing is left', (s) => s.nodes === 0);
    await page.getByLabel('snapshot file').setInputFiles(file('snapshot.json', kept.text));
    await tab.until('it is as it was', (s) => s.up === 20 && s.conns === 20);
    // What is no snapshot is refused, with the reason where it can be read.
    await page.getByLabel('snapshot file').setInputFiles(file('snapshot.json', '{"nodes": 7}'));
    await page.getByRole('dialog').getByRole('button', { name: 'Load' }).click();
    await page.locator('.toast.bad', { hasText: 'snapshot' }).waitFor();
    tab.problems.length = 0;
    assert.equal((await tab.state()).nodes, 20);
    await tab.close();
  } finally {
    await server.kill();
  }
});

const SCENARIO = `name = "few"
question = "Do six nodes make a ring?"
seed = 7
duration = "20s"

[[nodes]]
name = "node"
count = 6
services = ["ping-pong"]

[topology]
kind = "ring"

[[expect]]
name = "the ring is whole"
total = "connections"
equals = 6
`;

test('a scenario is checked while it is written, run, watched, reported and compared', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    await server.nodes(2);
    const tab = await Tab.open(browser, server.url, { hash: '#experiment' }), { page } = tab;
    await tab.until('the server\u2019s own network', (s) => s.nodes === 2);
    const text = page.getByRole('textbox', { name: 'Text' }), verdict = page.locator('#scenario-verdict');
    await text.fill(SCENARIO.replace('kind = "ring"', 'kind = "rink"'));
    await verdict.getByRole('button', { name: /^line 12, column/ }).click();
    assert.equal(await text.evaluate((area) => /** @type {HTMLTextAreaElement} */ (area).value.slice(/** @type {HTMLTextAreaElement} */ (area).selectionStart, /** @type {HTMLTextAreaElement} */ (area).selectionEnd)), '"rink"', 'what is wrong is selected');
    await text.fill(SCENARIO);
    await verdict.getByText('It can be run: 6 nodes, 20 s of simulated time.').waitFor();
    // Slowly, so that its network is seen on the way.
    await page.getByLabel('Pace').selectOption('5');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.runs progress').waitFor();
    await tab.go('network');
    await tab.until('the experiment\u2019s network is shown', (s) => s.nodes === 6 && s.conns === 6);
    await tab.until('the server\u2019s own comes back', (s) => s.nodes === 2);
    await tab.go('experiment');
    await page.locator('.runs', { hasText: 'passed, 1 of 1 hold' }).waitFor();
    await page.getByLabel('Pace').selectOption('max');
    await page.getByLabel('Seed').fill('8');
    await text.fill(SCENARIO.replace('equals = 6', 'equals = 7'));
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.runs', { hasText: 'failed, 0 of 1 hold' }).waitFor();
    const [report] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'report' }).last().click()]);
    await report.getByText('Do six nodes make a ring?').first().waitFor();
    await report.close();
    for (const run of ['1', '2']) await page.getByRole('checkbox', { name: `compare run ${run}` }).check();
    const [both] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'Compare the two' }).click()]);
    await both.getByText(/run 1/).first().waitFor();
    await both.close();
    // A scenario that comes with the program is there by its name.
    await page.getByRole('combobox', { name: 'Scenario' }).selectOption('ping-pong');
    await eventually('its text is there', async () => (await text.inputValue()).includes('name = "ping-pong"'));
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('a server that takes no changes offers none', async () => {
  const server = await Server.start('--read-only');
  try {
    const tab = await Tab.open(browser, server.url, { hash: '#experiment' });
    await tab.page.getByText('This server was started with --read-only.').waitFor();
    await tab.go('network');
    await tab.page.getByText('This server takes no changes.').waitFor();
    await tab.close();
  } finally {
    await server.kill();
  }
});
