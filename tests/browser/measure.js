// What the page costs, for docs/page.md: frames a second while the network lives, and how soon the first of them is there.
// Figures, not verdicts: a busy machine halves them, so its load is printed beside them.
//   npm run measure            made up in the page, and live from the server
//   npm run measure -- made-up without the server's part

import { loadavg } from 'node:os';
import { launch, Tab, eventually } from './lib/page.js';
import { Server } from './lib/server.js';

/** Milliseconds over which frames are counted. */
const SPAN = 10_000;
const SIZES = /** @type {[number, number][]} */ ([[1000, 10_000], [10_000, 250_000]]);

const browser = await launch();
console.log(`load ${loadavg()[0].toFixed(1)} on ${(await import('node:os')).cpus().length} cores, no GPU, 1280 × 800\n`);
console.log('| network | first frame | frames/s: laying out | changing | a wave | panning | image of the lines | heap |');
console.log('|---|---|---|---|---|---|---|---|');

for (const [nodes, conns] of SIZES) {
  const server = await Server.start();
  await row(`${nodes} / ${conns}, made up`, `${server.url}?synthetic=${nodes}x${conns}`);
  await server.kill();
}
if (process.argv[2] !== 'made-up') {
  for (const [nodes, conns] of SIZES) {
    const server = await Server.start('--seed', '1', '--fidelity', 'message', '--latency', '50ms');
    await server.crowd(nodes, (2 * conns) / nodes);
    const stop = churn(server, nodes);
    await row(`${nodes} / ${conns}, live`, server.url);
    await stop();
    await server.kill();
  }
}
await browser.close();

/** @param {string} name @param {string} url */
async function row(name, url) {
  const tab = await Tab.open(browser, url, { moving: true, quiet: true });
  await eventually('the first frame', async () => Number.isFinite((await tab.stats()).firstFrame));
  const first = (await tab.stats()).firstFrame;
  const early = await rate(tab);
  // A network that changes is never quite laid out; by now it nearly is.
  await new Promise((resolve) => setTimeout(resolve, SPAN));
  const living = await rate(tab);
  await tab.page.getByRole('button', { name: /^Publish an item/ }).click();
  await tab.until('a wave', (s) => s.wave);
  const wave = await rate(tab, 2500);
  const box = await tab.graph();
  await tab.page.mouse.move(box.x + 30, box.y + box.height - 150);
  await tab.page.mouse.down();
  const panning = await rate(tab, SPAN / 2, async (share) => { await tab.page.mouse.move(box.x + 30 + 200 * share, box.y + box.height - 150 - 60 * share); });
  await tab.page.mouse.up();
  const { rasterMs } = await tab.stats();
  const heap = await tab.page.evaluate(() => /** @type {any} */ (performance).memory?.usedJSHeapSize ?? NaN);
  await tab.page.context().close();
  console.log(`| ${name} | ${(first / 1000).toFixed(2)} s | ${early} | ${living} | ${wave} | ${panning} | ${Math.round(rasterMs)} ms | ${Math.round(heap / 2 ** 20)} MiB |`);
}

/** Frames a second that the browser gives the page, which is what is left of sixty while it works. @param {Tab} tab
 * @param {number} span milliseconds @param {(share: number) => Promise<void>} [meanwhile] */
async function rate(tab, span = SPAN, meanwhile) {
  const counted = tab.page.evaluate((ms) => new Promise((resolve) => {
    const begin = performance.now();
    let frames = 0;
    const next = () => {
      frames++;
      const passed = performance.now() - begin;
      if (passed >= ms) resolve((frames / passed) * 1000);
      else requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }), span);
  if (meanwhile) {
    const begin = Date.now();
    while (Date.now() - begin < span - 200) await meanwhile((Date.now() - begin) / span);
  }
  return Math.round(/** @type {number} */ (await counted));
}

/** Ten nodes a second go and come back. @param {Server} server @param {number} nodes */
function churn(server, nodes) {
  let on = true, turn = 0;
  const work = (async () => {
    while (on) {
      const name = `node${String((turn++ * 37) % nodes + 1).padStart(2, '0')}`;
      await server.post(`nodes/${name}/stop`).catch(() => {});
      await server.post(`nodes/${name}/start`).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return async () => {
    on = false;
    await work;
  };
}
