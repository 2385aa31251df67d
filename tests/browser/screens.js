// The pictures of docs/screens: each screen of a network like the one that `p2psim demo` begins with. `npm run screens`.

import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, Tab } from './lib/page.js';
import { Server } from './lib/server.js';

const OUT = fileURLToPath(new URL('../../docs/screens/', import.meta.url));
/** Bytes of a picture that a repository can bear. */
const LIMIT = 250_000;

mkdirSync(OUT, { recursive: true });
const server = await Server.demo('--nodes', '300', '--seed', '4');
const browser = await launch();

/** @param {Tab} tab @param {string} name */
async function keep(tab, name) {
  const path = `${OUT}${name}.png`;
  await tab.page.mouse.move(2, 2);
  await tab.page.screenshot({ path });
  const { size } = statSync(path);
  if (size > LIMIT) throw new Error(`${path} has ${size} bytes, ${LIMIT} is the limit`);
  console.log(`${name}.png ${Math.round(size / 1000)} kB`);
}

/** @param {'dark' | 'light'} theme */
async function tour(theme) {
  const tab = await Tab.open(browser, server.url, { theme, moving: true, width: 1360, height: 850 }), { page } = tab;
  await tab.until('all are there', (s) => s.nodes === 300);
  await tab.until('laid out', (s) => s.settled);
  const shot = (/** @type {string} */ name) => keep(tab, theme === 'dark' ? name : `${name}-light`);
  await page.getByRole('button', { name: /^Publish an item/ }).click();
  await tab.until('half of the way', (s) => s.wave && s.shown > 0.45);
  await shot('wave');
  await tab.until('everywhere', (s) => !s.wave && s.item?.reached === 300);
  if (theme === 'light') {
    await tab.go('measurements');
    await page.waitForTimeout(2500);
    await shot('measurements');
    await tab.close();
    return;
  }
  await page.getByLabel('Layout').selectOption('regions');
  await page.getByLabel('Colour by').selectOption('region');
  await server.post('partitions', { a: ['region:2'] }).catch(() => {});
  await page.waitForTimeout(2500);
  await shot('network');
  await tab.go('nodes');
  await page.waitForTimeout(500);
  await shot('nodes');
  const { names, item } = await tab.state();
  void item;
  await tab.go(`node?sel=${names[12]}`);
  await page.getByText(/methods:/).waitFor();
  await page.getByRole('combobox', { name: 'Method' }).fill('gossip_seen');
  await page.getByRole('button', { name: 'Call' }).click();
  await page.locator('.rpc-out .answer').waitFor();
  await shot('node');
  await tab.go('events');
  await page.waitForTimeout(500);
  await shot('events');
  await page.getByRole('button', { name: 'Trace of an item' }).click();
  await page.waitForTimeout(500);
  await shot('trace');
  await tab.go('measurements');
  await page.waitForTimeout(2500);
  await shot('measurements');
  await tab.go('experiment');
  await page.getByRole('button', { name: 'Build', exact: true }).focus();
  await page.waitForTimeout(300);
  await shot('experiment');
  await tab.close();
}

await tour('dark');
await tour('light');
await browser.close();
await server.kill();
