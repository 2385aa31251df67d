// Every screen: for those who see little (axe-core), use keys alone, hold a narrow screen, or look at ten thousand events.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tab, eventually, launch } from './lib/page.js';
import { Server } from './lib/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = ['network', 'nodes', 'node', 'events', 'measurements', 'experiment'];
const NODES = 12;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Server} */
let server;

before(async () => {
  browser = await launch();
  server = await Server.start('--seed', '3', '--fidelity', 'message', '--latency', '20ms');
  const names = await server.nodes(NODES);
  await server.connect(names, Array.from({ length: NODES }, (_, i) => /** @type {[number, number]} */ ([i, (i + 1) % NODES])));
});
after(async () => {
  await browser?.close();
  await server?.kill();
});

/** What axe-core finds wrong. @param {Tab} tab @param {string} where */
async function accessible(tab, where) {
  // Said through the debugger: the page's own policy lets no other script in.
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const found = await tab.page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] });
    return violations.map((/** @type {any} */ v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => `${n.target} ${n.any[0]?.message ?? ''}`).join(' | ')}`);
  });
  assert.deepEqual(found, [], where);
}

for (const theme of /** @type {const} */ (['dark', 'light'])) {
  test(`axe-core finds nothing wrong on any screen, ${theme}`, async () => {
    const tab = await Tab.open(browser, server.url, { theme });
    await tab.drawn(NODES, NODES);
    await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
    await tab.until('an item travels', (s) => s.item?.reached === NODES);
    for (const screen of SCREENS) {
      await tab.go(screen === 'node' ? 'node?sel=node04' : screen);
      if (screen === 'node') await tab.page.getByText(/methods:/).waitFor();
      await accessible(tab, `${screen}, ${theme}`);
    }
    await tab.go('events');
    for (const name of ['Messages', 'Trace of an item']) {
      await tab.page.getByRole('button', { name }).click();
      await accessible(tab, `${name}, ${theme}`);
    }
    await tab.page.keyboard.press('?');
    await tab.page.getByRole('dialog').waitFor();
    await accessible(tab, `the list of keys, ${theme}`);
    await tab.close();
  });
}

test('an empty network is an invitation, not a blank page', async () => {
  const empty = await Server.start('--fidelity', 'message');
  try {
    const tab = await Tab.open(browser, empty.url);
    await tab.page.getByText('No nodes yet').waitFor();
    await accessible(tab, 'nothing yet');
    for (const screen of SCREENS) {
      await tab.go(screen);
      await accessible(tab, `${screen} of an empty network`);
    }
    await tab.go('network');
    await tab.page.getByRole('button', { name: /^Demo/ }).click();
    await tab.drawn(50, 150);
    assert.equal((await empty.get('nodes')).length, 50);
    await tab.close();
  } finally {
    await empty.kill();
  }
});

test('a screen of 400 pixels holds everything, beside nothing', async () => {
  const tab = await Tab.open(browser, server.url, { width: 400, height: 800 });
  await tab.drawn(NODES, NODES);
  for (const screen of SCREENS) {
    await tab.go(screen === 'node' ? 'node?sel=node04' : screen);
    const { wide, cut } = await tab.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      // What can be pressed has to be on the screen, or in something that can be scrolled.
      cut: [...document.querySelectorAll('#main button, #main input, #main select')].filter((e) => {
        const box = e.getBoundingClientRect();
        return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !e.closest('.table-box, .card');
      }).map((e) => e.outerHTML.slice(0, 80)),
    }));
    assert.ok(wide <= 400, `${screen} is ${wide} pixels wide`);
    assert.deepEqual(cut, [], screen);
  }
  await tab.go('network');
  await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
  await eventually('the graph is in view while the item travels', async () => (await tab.graph()).y > -200);
  await tab.close();
});

test('keys alone lead everywhere', async () => {
  const tab = await Tab.open(browser, server.url), { keyboard } = tab.page;
  await tab.drawn(NODES, NODES);
  for (const [key, screen] of [['2', 'nodes'], ['3', 'events'], ['4', 'measurements'], ['5', 'experiment'], ['1', 'network']]) {
    await keyboard.press(key);
    await tab.until(screen, (s) => s.screen === screen);
  }
  await keyboard.press('/');
  await keyboard.type('node07');
  await keyboard.press('Enter');
  await tab.until('the node that was found is chosen', (s) => s.names[s.selected] === 'node07');
  await keyboard.press('Enter');
  await tab.until('and opened', (s) => s.screen === 'node');
  await keyboard.press('2');
  await tab.until('nodes', (s) => s.screen === 'nodes');
  await keyboard.press('/');
  await keyboard.press('Escape');
  await tab.page.getByText(`${NODES} nodes`, { exact: true }).waitFor();
  await tab.page.locator('.table-box:visible').focus();
  for (let i = 0; i < 3; i++) await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await tab.until('the fourth row', (s) => s.screen === 'node' && s.names[s.selected] === 'node04');
  // The console, by tab and typing.
  await tab.page.getByRole('combobox', { name: 'Method' }).focus();
  await keyboard.type('admin_nodeInfo');
  await keyboard.press('Enter');
  await tab.page.locator('.rpc-out .answer').getByText('"enode"').waitFor();
  await keyboard.press('Tab');
  assert.equal(await tab.page.evaluate(() => document.activeElement?.tagName), 'INPUT', 'the parameters are next');
  await tab.close();
});

test('with everything that moves switched off, and without WebGL, it is all there', async () => {
  const plain = await launch(['--disable-webgl', '--disable-3d-apis', '--disable-software-rasterizer']);
  try {
    const tab = await Tab.open(plain, server.url);
    await tab.drawn(NODES, NODES);
    assert.equal(await tab.page.evaluate(() => document.createElement('canvas').getContext('webgl')), null, 'there is no WebGL');
    const box = await tab.graph(), picture = await tab.picture(), ground = picture.at(box.x + 3, box.y + box.height / 2);
    const drawn = picture.share(box, (c) => c.some((v, i) => Math.abs(v - ground[i]) > 12));
    assert.ok(drawn > 0.005 && drawn < 0.7, `${(drawn * 100).toFixed(1)} % of the graph is drawn`);
    await tab.close();
  } finally {
    await plain.close();
  }
});
