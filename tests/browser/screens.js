// The pictures of docs/screens: each screen of a network like the one that `p2psim demo` begins with. `npm run screens`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { launch, Tab } from './lib/page.js';
import { Server } from './lib/server.js';

const OUT = fileURLToPath(new URL('../../docs/screens/', import.meta.url));
/** Bytes of a picture that a repository can bear. */
const LIMIT = 250_000;
/** Shades that are rarer than so many pixels are kept in steps, as large as the limit needs: thin lines have many that nobody
 * tells apart. */
const RARE = 4000, STEPS = [8, 16, 24, 32, 40];

mkdirSync(OUT, { recursive: true });
const server = await Server.demo('--nodes', '160', '--degree', '5', '--seed', '4');
const browser = await launch();

/** @param {Tab} tab @param {string} name */
async function keep(tab, name) {
  await tab.page.mouse.move(2, 2);
  const taken = await tab.page.screenshot();
  for (const step of STEPS) {
    const picture = PNG.sync.read(taken);
    thin(picture.data, step);
    const bytes = PNG.sync.write(picture, { colorType: 2, deflateLevel: 9, filterType: -1 });
    if (bytes.length > LIMIT) continue;
    writeFileSync(`${OUT}${name}.png`, bytes);
    console.log(`${name}.png ${Math.round(bytes.length / 1000)} kB`);
    return;
  }
  throw new Error(`${name}.png does not fit into ${LIMIT} bytes`);
}

/** @param {Buffer} pixels RGBA @param {number} step */
function thin(pixels, step) {
  const counts = new Map();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = pixels.readUInt32BE(i);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  for (let i = 0; i < pixels.length; i += 4) {
    if (counts.get(pixels.readUInt32BE(i)) >= RARE) continue;
    for (let k = i; k < i + 3; k++) pixels[k] = Math.min(255, Math.round(pixels[k] / step) * step);
  }
}

/** @param {'dark' | 'light'} theme */
async function tour(theme) {
  const tab = await Tab.open(browser, server.url, { theme, moving: true, width: 1240, height: 780 }), { page } = tab;
  await tab.until('all are there', (s) => s.nodes === 160);
  await tab.until('laid out', (s) => s.settled);
  const shot = (/** @type {string} */ name) => keep(tab, theme === 'dark' ? name : `${name}-light`);
  await page.getByRole('button', { name: /^Publish an item/ }).click();
  await tab.until('half of the way', (s) => s.wave && s.shown > 0.45);
  await shot('wave');
  await tab.until('everywhere', (s) => !s.wave && s.item?.reached === 160);
  if (theme === 'light') {
    await tab.go('measurements');
    await page.waitForTimeout(2500);
    await shot('measurements');
    await tab.close();
    return;
  }
  await page.getByLabel('Layout').selectOption('regions');
  await page.getByLabel('Colour by').selectOption('region');
  await server.post('partitions', { a: ['region:2'], heal: '5s' });
  await page.waitForTimeout(2500);
  await shot('network');
  await tab.go('nodes');
  await page.waitForTimeout(500);
  await shot('nodes');
  const { names } = await tab.state();
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
